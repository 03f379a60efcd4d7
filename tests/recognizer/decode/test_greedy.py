import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recognizer.decode.greedy import best_path


def certain(path: list[int], symbols: int = 4) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    posteriors = np.full((len(path), symbols), -9, np.float16)
    posteriors[np.arange(len(path)), path] = -0.001
    return posteriors


def test_repeats_merge_and_blanks_part() -> None:
    path = best_path(certain([0, 1, 1, 0, 1, 2, 2, 0]))
    assert path.labels == (1, 1, 2)
    assert path.spans == ((1, 3), (4, 5), (5, 7))


def test_lines_without_labels() -> None:
    assert best_path(certain([])).labels == ()
    assert best_path(certain([0, 0, 0])).spans == ()


def test_of_equal_symbols_the_first_is_taken() -> None:
    assert best_path(np.zeros((2, 3), np.float16)).labels == ()


@given(st.lists(st.integers(0, 3), max_size=40))
def test_spans_ascend_do_not_overlap_and_hold_their_labels(frames: list[int]) -> None:
    path = best_path(certain(frames))
    assert len(path.labels) == len(path.spans)
    ends = [0]
    for label, (start, end) in zip(path.labels, path.spans, strict=True):
        assert ends[-1] <= start < end <= len(frames)
        assert set(frames[start:end]) == {label}
        ends.append(end)
    covered = {t for start, end in path.spans for t in range(start, end)}
    assert all(frames[t] == 0 for t in set(range(len(frames))) - covered)
