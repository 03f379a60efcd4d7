"""The command `lm`: text -> a language model, as a file of its own or in a bundle."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recognizer.bundle import MODEL, Bundle, save_with
from recognizer.errors import RecognizerError
from recognizer.lm.arpa import read_arpa, write_arpa
from recognizer.lm.estimate import Ngrams
from recognizer.lm.fit import fit
from recognizer.lm.store import pack
from recognizer.lm.text import gather
from recognizer.policy import FOLDED

ARPA: Final = ".arpa"


class BadOptions(RecognizerError):
    """What the user asked for does not go together."""


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    texts: tuple[Path, ...]
    output: Path
    start: str | None
    language: str | None
    order: int
    prune: tuple[int, ...]


def make(options: Options) -> str:
    """Make the model and write it; what to tell the user. Raises RecognizerError."""
    begun = time.monotonic()
    bundle = Bundle.load(options.start) if options.start else None
    if bundle and not options.language:
        raise BadOptions("a bundle's language models have names: give --language too, such as fra")
    ngrams, facts = _ngrams(options, bundle)
    told = f"{sum(facts['ngrams'])} n-grams of order {len(facts['ngrams'])} in {time.monotonic() - begun:.0f} s"
    if facts.get("lines of truth"):
        told += f", truth counted {facts['weight']} times"
    if "bits" in facts:
        told += f", {facts['bits']:.2f} bits a character of text held out"
    if bundle:
        part = f"{MODEL}{options.language}"
        made = save_with(options.output, bundle, part, f"{options.language}.lm", pack(ngrams), facts)
        return f"{made.folder}: bundle {made.id} with {part}; {told}"
    _write(options.output, ngrams)
    return f"{options.output}: {told}"


def _ngrams(options: Options, bundle: Bundle | None) -> tuple[Ngrams, dict[str, Any]]:
    if [path.suffix for path in options.texts] == [ARPA]:
        ngrams = read_arpa(options.texts[0])
        return ngrams, _facts(ngrams, {})
    text = gather(options.texts, bundle.text_policy if bundle else FOLDED, options.language)
    try:
        fitted = fit(text, options.order, options.prune)
    except ValueError as error:
        raise BadOptions(f"{error}; see --order and --prune") from error
    facts = {"lines of prose": len(text.prose), "lines of truth": len(text.truth), "prune": list(options.prune)}
    return fitted.ngrams, _facts(fitted.ngrams, facts | {"weight": fitted.weight})


def _facts(ngrams: Ngrams, facts: Mapping[str, Any]) -> dict[str, Any]:
    judged = {} if ngrams.held_out_bits is None else {"bits": round(ngrams.held_out_bits, 4)}
    return {**facts, **judged, "ngrams": [len(order.keys) for order in ngrams.orders]}


def _write(path: Path, ngrams: Ngrams) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ARPA:
            write_arpa(ngrams, path)
        else:
            path.write_bytes(pack(ngrams))
    except OSError as error:
        raise BadOptions(f"{path}: {error.strerror}; name another file") from error
