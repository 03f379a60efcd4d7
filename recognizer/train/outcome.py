"""What teaching from an archive's own lines gained or lost, and whether its bundle may take the old one's place."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from recognizer.evaluation.wording import percent
from recognizer.html import Markup, markup, table

FORGOTTEN: Final = 0.02
"""How much worse, relative, a bundle may read what it knew: so little that nobody sees it in a text."""
HEADER: Final = ("judged by", "before", "after", "lines")


@dataclass(frozen=True)
class Check:
    """A rate of errors, 0..1, before and after, on lines that nothing was learned from.

    It may get worse by `allowed`, relative; with None it is told and decides nothing. `better`: it must get better.
    """

    name: str
    lines: int
    before: float
    after: float
    allowed: float | None
    better: bool = False

    @property
    def reason(self) -> str | None:
        """Why it speaks against the new bundle; None if it does not."""
        if self.allowed is None or self.after < self.before:
            return None
        if self.better:
            return f"{self.name}: nothing gained, {percent(self.after)} instead of {percent(self.before)}"
        if self.after <= self.before * (1 + self.allowed):
            return None
        limit = f", more than {self.allowed:.0%} of it" if self.allowed else ""
        return f"{self.name}: worse{limit}, {percent(self.after)} instead of {percent(self.before)}"


@dataclass(frozen=True)
class Outcome:
    """The checks, and what people must know beside them: what was learned from, what could not be checked.

    `forced`: the bundle is written whatever the checks say.
    """

    checks: tuple[Check, ...]
    notes: tuple[str, ...]
    forced: bool

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks against the bundle; nothing does where it may be written."""
        found = tuple(check.reason for check in self.checks if check.reason)
        if any(check.allowed is not None for check in self.checks):
            return found
        return (*found, "nothing could be checked")

    @property
    def written(self) -> bool:
        """Whether the bundle is written."""
        return self.forced or not self.reasons

    @property
    def verdict(self) -> str:
        """Accepted or refused, and why."""
        if not self.reasons:
            return "accepted"
        told = "; ".join(self.reasons)
        return f"refused ({told}), but written, as --force was given" if self.forced else f"refused ({told})"

    def table(self) -> str:
        """For the terminal."""
        rows = [HEADER, *self._rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
        lines = [_aligned(row, widths) for row in rows] if self.checks else []
        return "\n".join([*lines, *self.notes, self.verdict])

    def html(self) -> Markup:
        """For the report: the table, the notes and the verdict."""
        said = "".join(f"<p>{markup(note)}</p>" for note in (*self.notes, f"The bundle was {self.verdict}."))
        return Markup(table("Before and after, error rates", HEADER, self._rows()) + said)

    def as_json(self) -> dict[str, Any]:
        """For the model card."""
        return {
            "checks": [asdict(check) for check in self.checks],
            "notes": list(self.notes),
            "verdict": self.verdict,
        }

    def _rows(self) -> list[tuple[str, ...]]:
        return [(each.name, percent(each.before), percent(each.after), f"{each.lines:,}") for each in self.checks]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """The first cell to the left, the others to the right."""
    first, *others = [
        cell.ljust(width) if k == 0 else cell.rjust(width)
        for k, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join([first, *others])
