"""The loops of CTC prefix beam search with a language model, for one line.

Graves 2006 (CTC), Hannun et al. 2014 (arXiv 1408.2873, prefix search with a language model), with exact merging: a
prefix that is reached by extending another and by staying is one prefix with the sum of both. Prefixes are nodes of a
tree; a beam is a handful of them, the best first, each with the logarithms of the summed probabilities of all paths
that end in a blank (`blank`) and in its last symbol (`spoken`). What the language model says, and the bonus for each
symbol, belong to the prefix and not to its paths: they only rank.

Ties are broken by what was there first: prefixes that stay before new ones, better parents before worse ones, likelier
symbols before others. So the result is the same on every machine.
"""

from typing import NamedTuple

import numpy as np

from recognizer.decode.compiled import compiled
from recognizer.decode.frames import BLANK, NEVER, Floats, Ints, log_add
from recognizer.decode.model import Model, step

STAYS = -1


class Limits(NamedTuple):
    """How wide to search, and what a prefix is ranked by.

    `beam` prefixes are kept, but none that is `behind` nats behind the best; a frame extends them by its `symbols`
    likeliest symbols of at least `floor`. A frame whose blank is above `certain` only says that nothing is said.
    `weight` is that of the language model, `bonus` is for each symbol.
    """

    beam: int
    symbols: int
    floor: float
    certain: float
    behind: float
    weight: float
    bonus: float


class Tree(NamedTuple):
    """Prefixes: each node's parent and symbol, its first child and next sibling (-1: none)."""

    parent: Ints
    symbol: Ints
    child: Ints
    sibling: Ints


class Beam(NamedTuple):
    """Prefixes of a beam, in columns: node, last symbol, symbols so far, path sums, language model."""

    node: Ints
    last: Ints
    length: Ints
    blank: Floats
    spoken: Floats
    likely: Floats
    state: Ints


class Candidates(NamedTuple):
    """What the next beam is chosen from: score, place of the parent in the beam, symbol (STAYS: none), and the rest."""

    score: Floats
    parent: Ints
    symbol: Ints
    blank: Floats
    spoken: Floats
    likely: Floats
    state: Ints


@compiled
def symbols_of(tree: Tree, node: int, length: int) -> Ints:
    """The symbols of a prefix of this length, int64 [length]."""
    found = np.zeros(length, np.int64)
    for place in range(length - 1, -1, -1):
        found[place] = tree.symbol[node]
        node = tree.parent[node]
    return found


@compiled
def likeliest(frame: Floats, most: int, floor: float, chosen: Ints) -> int:
    """The likeliest symbols of a frame, the blank left out, into `chosen`; how many. Ties go to the smaller symbol."""
    count = 0
    for symbol in range(1, len(frame)):
        value = frame[symbol]
        if value < floor or (count == most and value <= frame[chosen[count - 1]]):
            continue
        count = min(count + 1, most)
        place = count - 1
        while place > 0 and frame[chosen[place - 1]] < value:
            chosen[place] = chosen[place - 1]
            place -= 1
        chosen[place] = symbol
    return count


@compiled
def worst_of(candidates: Candidates, count: int) -> int:
    """Place of the lowest score, the last of equals."""
    worst = 0
    for place in range(1, count):
        if candidates.score[place] <= candidates.score[worst]:
            worst = place
    return worst


@compiled
def stay(
    frame: Floats,
    beam: Beam,
    count: int,
    tree: Tree,
    place: Ints,
    merged: Ints,
    now: int,
    limits: Limits,
    out: Candidates,
) -> None:
    """Candidates of the prefixes that stay as they are: by a blank, by their last symbol again, or reached anew from
    their parent, which is then marked as `merged`.
    """
    for own in range(count):
        total = log_add(beam.blank[own], beam.spoken[own])
        spoken = NEVER
        last = beam.last[own]
        if last != BLANK:
            spoken = beam.spoken[own] + frame[last]
            parent = place[tree.parent[beam.node[own]]]
            if parent >= 0:
                before = log_add(beam.blank[parent], beam.spoken[parent])
                source = beam.blank[parent] if beam.last[parent] == last else before
                spoken = log_add(spoken, source + frame[last])
                merged[parent, last] = now
        out.blank[own] = total + frame[BLANK]
        out.spoken[own] = spoken
        out.parent[own], out.symbol[own] = own, STAYS
        out.likely[own], out.state[own] = beam.likely[own], beam.state[own]
        rank = limits.weight * beam.likely[own] + limits.bonus * beam.length[own]
        out.score[own] = log_add(out.blank[own], spoken) + rank


@compiled
def extend(
    frame: Floats,
    beam: Beam,
    kept: int,
    chosen: Ints,
    symbols: int,
    merged: Ints,
    now: int,
    model: Model,
    limits: Limits,
    out: Candidates,
) -> int:
    """Candidates with one symbol more, beside those that stay; how many there are then.

    The language model never adds to a score, so that what is below the bound without it need not be asked for.
    """
    count, best = kept, NEVER
    for place in range(kept):
        best = max(best, out.score[place])
    worst = worst_of(out, count)
    for own in range(kept):
        total = log_add(beam.blank[own], beam.spoken[own])
        rank = limits.weight * beam.likely[own] + limits.bonus * (beam.length[own] + 1)
        for symbol in chosen[:symbols]:
            bound = best - limits.behind
            if count == limits.beam:
                bound = max(bound, out.score[worst])
            if total + frame[symbol] + rank <= bound:
                break
            spoken = (beam.blank[own] if beam.last[own] == symbol else total) + frame[symbol]
            if merged[own, symbol] == now or spoken + rank <= bound:
                continue
            said, state = 0.0, 0
            if model.weighs:
                said, state = step(model, beam.state[own], model.symbols[symbol])
            score = spoken + rank + limits.weight * said
            if score <= bound:
                continue
            place, count = (count, count + 1) if count < limits.beam else (worst, count)
            out.score[place], out.parent[place], out.symbol[place] = score, own, symbol
            out.blank[place], out.spoken[place] = NEVER, spoken
            out.likely[place], out.state[place] = beam.likely[own] + said, state
            best = max(best, score)
            if count == limits.beam:
                worst = worst_of(out, count)
    return count


@compiled
def child_of(tree: Tree, nodes: int, node: int, symbol: int) -> tuple[int, int]:
    """The node of a prefix with one symbol more, the same whenever it is reached; how many nodes there are then."""
    child = tree.child[node]
    while child >= 0 and tree.symbol[child] != symbol:
        child = tree.sibling[child]
    if child >= 0:
        return child, nodes
    tree.parent[nodes], tree.symbol[nodes] = node, symbol
    tree.child[nodes], tree.sibling[nodes] = -1, tree.child[node]
    tree.child[node] = nodes
    return nodes, nodes + 1


@compiled
def survivors(candidates: Candidates, count: int, behind: float, order: Ints) -> int:
    """Places of the candidates that are kept, the best first, into `order`; how many."""
    best, kept = NEVER, 0
    for place in range(count):
        best = max(best, candidates.score[place])
    for place in range(count):
        if candidates.score[place] == NEVER or candidates.score[place] < best - behind:
            continue
        rank = kept
        while rank > 0 and candidates.score[order[rank - 1]] < candidates.score[place]:
            order[rank] = order[rank - 1]
            rank -= 1
        order[rank] = place
        kept += 1
    return kept


@compiled
def renew(beam: Beam, following: Beam, candidates: Candidates, order: Ints, kept: int, tree: Tree, nodes: int) -> int:
    """The next beam into `following`; how many nodes the tree has then."""
    for rank in range(kept):
        place = order[rank]
        parent, symbol = candidates.parent[place], candidates.symbol[place]
        node, last, length = beam.node[parent], beam.last[parent], beam.length[parent]
        if symbol != STAYS:
            node, nodes = child_of(tree, nodes, node, symbol)
            last, length = symbol, length + 1
        following.node[rank], following.last[rank], following.length[rank] = node, last, length
        following.blank[rank], following.spoken[rank] = candidates.blank[place], candidates.spoken[place]
        following.likely[rank], following.state[rank] = candidates.likely[place], candidates.state[place]
    return nodes


@compiled
def search(
    frames: Floats, model: Model, limits: Limits, beam: Beam, spare: Beam, candidates: Candidates, tree: Tree
) -> tuple[Beam, int]:
    """The last beam for the log-probabilities [frames, symbols] of a line, one of the two given, and its size."""
    tree.parent[0], tree.symbol[0], tree.child[0], tree.sibling[0] = 0, BLANK, -1, -1
    beam.node[0], beam.last[0], beam.length[0], beam.state[0] = 0, BLANK, 0, model.start
    beam.blank[0], beam.spoken[0], beam.likely[0] = 0.0, NEVER, 0.0
    place = np.full(len(tree.parent), -1, np.int64)
    merged = np.full((limits.beam, frames.shape[1]), -1, np.int64)
    chosen, order = np.zeros(limits.symbols, np.int64), np.zeros(limits.beam, np.int64)
    count, nodes = 1, 1
    for now in range(len(frames)):
        frame = frames[now]
        if frame[BLANK] > limits.certain:
            for own in range(count):
                beam.blank[own] = log_add(beam.blank[own], beam.spoken[own]) + frame[BLANK]
                beam.spoken[own] = NEVER
            continue
        for own in range(count):
            place[beam.node[own]] = own
        symbols = likeliest(frame, limits.symbols, limits.floor, chosen)
        stay(frame, beam, count, tree, place, merged, now, limits, candidates)
        found = extend(frame, beam, count, chosen, symbols, merged, now, model, limits, candidates)
        for own in range(count):
            place[beam.node[own]] = -1
        count = survivors(candidates, found, limits.behind, order)
        nodes = renew(beam, spare, candidates, order, count, tree, nodes)
        beam, spare = spare, beam
    return beam, count
