"""Lines drawn in the letters of real hands."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recognizer.bundle import DEFAULT_CROP, Bundle
from recognizer.draw.choosing import choose
from recognizer.draw.drawn import CannotWrite, Drawn, Task
from recognizer.draw.hands import FEWEST_LINES, Hands
from recognizer.draw.joining import join
from recognizer.draw.letters import Aligner
from recognizer.policy import TextPolicy
from recognizer.samples import DRAWN, Sample, load_lines

HAND: Final = ("hand", "")
TRIES: Final = 3
TRIED_HANDS: Final = 3
LEGIBLE: Final = 0.7


@dataclass(frozen=True)
class InHands:
    """Draws every line in the letters of some hand, which stay under the policy of the bundle that found them.

    A line in which the network does not see most characters where they were put is drawn again, up to three times, by
    other hands or in other letters. It knows these hands: what it cannot see was more probably cut or joined badly
    than hard to read, and would teach nonsense.
    """

    hands: Hands
    aligner: Aligner
    policy: TextPolicy

    @classmethod
    def of(cls, files: Sequence[Path], bundle: Bundle, without: Collection[str]) -> "InHands":
        """With the hands in the training lines of line Parquet, but for some data sets.

        Raises TrainingError, BundleError, ArithmeticMissing, and CannotWrite when there is no hand.
        """
        data = load_lines(files, int(DEFAULT_CROP["height"]), {"train"}, bundle.text_policy)
        aligner = Aligner.of(bundle)
        hands = Hands.of(aligner.cut([each for each in data.samples if _is_hand(each, without)]))
        if not hands.hands:
            raise CannotWrite(
                f"{', '.join(map(str, files))}: no page with {FEWEST_LINES} lines in hand that the bundle reads well; "
                "give more lines of the split train, or a bundle that knows these hands"
            )
        return cls(hands, aligner, bundle.text_policy)

    def lacking(self, text: str) -> frozenset[str]:
        """See Writer."""
        return self.hands.lacking(text)

    def draw(self, tasks: Sequence[Task]) -> Iterator[Drawn | None]:
        """See Writer; None where the network did not see the text in any try."""
        good: dict[int, Drawn] = {}
        for attempt in range(TRIES):
            todo = [task for task in tasks if task.number not in good]
            drawn = [self._drawn(task, attempt) for task in todo]
            seen = self.aligner.seen([each.image for each in drawn], [task.text for task in todo])
            for task, each, share in zip(todo, drawn, seen, strict=True):
                if share >= LEGIBLE:
                    good[task.number] = each
        return (good.get(task.number) for task in tasks)

    def told(self) -> str:
        """See Writer."""
        return f"hands: {len(self.hands.hands)}"

    def _drawn(self, task: Task, attempt: int) -> Drawn:
        rng = task.rng(attempt)
        hand = self.hands.fitting(task.text, rng.integers(len(self.hands.hands), size=TRIED_HANDS).tolist())
        image = join(hand, choose(self.hands, hand, task.text, rng), rng)
        return Drawn(image, f"{DRAWN}{hand.dataset}", hand.page)


def _is_hand(sample: Sample, without: Collection[str]) -> bool:
    return sample.script in HAND and sample.dataset not in without
