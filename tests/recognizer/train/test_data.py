import random
from collections import Counter
from dataclasses import replace

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from recognizer.alphabet import Alphabet
from recognizer.lines import normalise
from recognizer.samples import LineData, Sample
from recognizer.train.data import Batches, batches, epoch, mixed_epoch, pad, trainable
from recognizer.train.recipe import Recipe
from tests.recognizer.drawn import line


def sample(name: str, text: str = "a", width: int = 100, dataset: str = "drawn") -> Sample:
    return Sample(name, np.zeros((48, width), np.uint8), text, text, dataset, "print", "eng", "page", "train")


def test_a_text_needs_a_frame_for_every_symbol_and_between_equal_ones() -> None:
    data = LineData((sample("fits", "abab", 16), sample("repeats", "abb", 15), sample("long", "ababa", 19)), {})
    checked = trainable(data, Alphabet("ab"), 4)
    assert [kept.id for kept in checked.samples] == ["fits"]
    assert checked.skipped == {"text too long for its width": ("repeats", "long")}
    assert checked.counts()["left_out"]["text too long for its width"] == {
        "lines": 2,
        "first": ["repeats", "long"],
    }


def test_an_epoch_draws_from_data_sets_by_the_square_root_of_their_sizes() -> None:
    samples = [sample(f"big {k}", dataset="big") for k in range(900)]
    samples += [sample(f"small {k}", dataset="small") for k in range(100)]
    drawn = epoch(samples, 1, 0)
    counts = Counter(samples[index].dataset for index in drawn)
    assert counts == {"big": 750, "small": 250}
    times = Counter(index for index in drawn if index >= 900)
    assert set(times.values()) == {2, 3}
    assert max(Counter(index for index in drawn if index < 900).values()) == 1


def test_epochs_are_the_same_again_and_differ_by_number_and_seed() -> None:
    samples = [sample(str(k)) for k in range(50)]
    assert epoch(samples, 1, 0) == epoch(samples, 1, 0)
    assert sorted(epoch(samples, 1, 0)) == list(range(50))
    assert len({tuple(epoch(samples, seed, number)) for seed in (1, 2) for number in (0, 1)}) == 4


@given(st.integers(0, 30), st.integers(0, 60), st.integers(0, 9))
def test_half_of_what_is_learned_is_new(fresh: int, old: int, number: int) -> None:
    samples = [sample(str(k), dataset="new" if k < fresh else f"old {k % 3}") for k in range(fresh + old)]
    order = mixed_epoch(samples, fresh, 1, number)
    new = [index for index in order if index < fresh]
    if fresh:
        assert sorted(new) == list(range(fresh))
        assert len(order) - len(new) <= fresh
        assert len(order) - len(new) >= min(fresh, old) - 3  # the shares of data sets are rounded
    else:
        assert order == epoch(samples, 1, number)


def test_other_old_lines_come_in_every_epoch() -> None:
    samples = [sample(str(k), dataset="new" if k < 20 else "old") for k in range(400)]
    first, second = (set(mixed_epoch(samples, 20, 1, number)) for number in (0, 1))
    assert first >= set(range(20)) <= second
    assert len(first - second) > 10
    assert mixed_epoch(samples, 20, 1, 0) == mixed_epoch(samples, 20, 1, 0)


def test_a_line_may_be_varied_more_than_once() -> None:
    once, twice = (replace(shares(0, 0), variations=times)[0] for times in (1, 2))
    assert once.images.shape != twice.images.shape or not torch.equal(once.images, twice.images)
    assert torch.equal(once.labels, twice.labels)


def test_a_line_without_a_known_character_cannot_be_learned() -> None:
    checked = trainable(
        LineData((sample("strange", "xyz"), sample("half", "xa")), {"old": ("gone",)}), Alphabet("ab"), 4
    )
    assert [kept.id for kept in checked.samples] == ["half"]
    assert checked.skipped == {"old": ("gone",), "no known character": ("strange",)}


@given(
    st.lists(st.integers(16, 400), max_size=60),
    st.integers(100, 2000),
    st.integers(1, 3),
    st.integers(1, 9),
    st.integers(0, 9),
)
def test_batches_hold_each_line_once_and_keep_to_their_size(
    widths: list[int], columns: int, processes: int, lines: int, seed: int
) -> None:
    recipe = Recipe(steps=1, processes=processes, columns=columns, lines=lines)
    groups = batches(widths, range(len(widths)), recipe, random.Random(seed))
    for group in groups:
        assert processes <= len(group) <= lines * processes
        assert len(group) == 1 or max(widths[index] for index in group) * len(group) <= columns * processes
    used = [index for group in groups for index in group]
    assert len(used) == len(set(used))
    if processes == 1:
        assert sorted(used) == list(range(len(widths)))


def shares(rank: int, plain: int, first_step: int = 0) -> Batches:
    samples = [replace(sample(text, text), image=line(text, height=48)) for text in ("ab", "a", "bab")]
    return Batches(samples, Alphabet("ab"), [[0, 1, 2]], first_step, plain, 1, 1, rank, 2)


def test_processes_share_a_group() -> None:
    first, second = shares(0, plain=9)[0], shares(1, plain=9)[0]
    assert first.labels.tolist() == [1, 2, 2, 1, 2]
    assert first.lengths.tolist() == [2, 3]
    assert second.labels.tolist() == [1]
    np.testing.assert_array_equal(second.images[0, 0, :, : second.widths[0]].numpy(), normalise(line("a", height=48)))


def test_what_is_drawn_depends_on_the_step_alone() -> None:
    once, again, later = shares(0, 0)[0], shares(0, 0)[0], shares(0, 0, 5)[0]
    assert torch.equal(once.images, again.images)
    assert once.images.shape != later.images.shape or not torch.equal(once.images, later.images)


def test_a_batch_goes_to_a_device_whole() -> None:
    moved = shares(0, 9)[0].to(torch.device("meta"))
    assert {tensor.device.type for tensor in (moved.images, moved.widths, moved.labels, moved.lengths)} == {"meta"}


def test_lines_are_padded_with_paper_to_eights() -> None:
    images = [normalise(line("ab")), normalise(line("a"))]
    batch, widths = pad(images)
    assert batch.shape == (2, 1, 56, 56)
    assert widths.tolist() == [image.shape[1] for image in images] == [56, 36]
    np.testing.assert_array_equal(batch[1, 0, :, :36].numpy(), images[1])
    assert not batch[1, 0, :, 36:].any()
    assert pad([images[1]])[0].shape == (1, 1, 56, 40)
