"""The failures that stand in a dataset."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pipeline.failures import Failure
from pipeline.store import open_dataset


def standing(root: str) -> Mapping[str, Sequence[Failure]]:
    """The failures that stand, by kind, the most frequent first."""
    columns = ["source", "page", "stage", "kind", "message", "tries"]
    kinds: dict[str, list[Failure]] = defaultdict(list)
    for row in open_dataset(root, "failures").to_table(columns=columns).to_pylist():
        kinds[row["kind"]].append(Failure(**row))
    return dict(sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0])))
