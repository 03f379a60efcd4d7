"""The bundle that a user names, and what it has to work with, with errors that say how to get out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.failures import UsageError
from recognizer.arithmetic import Arithmetic, best
from recognizer.bundle import COPY, LINES, Bundle, BundleError
from recognizer.decode.decoding import AUTO, NONE
from recognizer.policy import TextPolicy
from segmentation import CropGeometry
from segmentation.learned import LineNetwork, UnfitNetwork

if TYPE_CHECKING:
    from recognizer.pages import PageReader


@dataclass(frozen=True)
class Tools:
    """A bundle ready to read with, the geometry of its crops, its line finder if it has one, its text policy."""

    reader: "PageReader"
    geometry: CropGeometry
    finder: LineNetwork | None
    policy: TextPolicy

    @classmethod
    def of(cls, bundle: Bundle, arithmetic: Arithmetic, language: str = AUTO) -> "Tools":
        """Load them; raises BundleError, ArithmeticMissing. torch is imported here, not in the submitter."""
        from recognizer.pages import PageReader

        geometry: dict[str, Any] = dict(bundle.crop)
        reader = PageReader.of(bundle, arithmetic, language)
        return cls(reader, CropGeometry(**geometry), line_finder(bundle), bundle.text_policy)


def load_bundle(name: str) -> Bundle:
    """The bundle of that name or folder; raises UsageError."""
    try:
        return Bundle.load(name)
    except BundleError as error:
        raise UsageError(str(error)) from error


def load_tools(bundle: Bundle) -> Tools:
    """What the bundle has to work with on this machine; raises UsageError."""
    try:
        return Tools.of(bundle, best())
    except BundleError as error:
        raise UsageError(str(error)) from error


def check_language(bundle: Bundle, language: str) -> None:
    """Raises UsageError when the bundle has no model of the language that was asked for."""
    known = (*bundle.languages, AUTO, NONE)
    if language not in known:
        raise UsageError(f"--language {language}: there are {', '.join(known)}; `inkbeam lm --from` adds others")


def line_finder(bundle: Bundle) -> LineNetwork | None:
    """The bundle's line finder, None where it has none; raises BundleError."""
    if LINES not in bundle.parts:
        return None
    try:
        return LineNetwork(bundle.part(LINES))
    except UnfitNetwork as error:
        raise BundleError(f"{bundle.path(LINES)}: no line finder that this Inkbeam runs ({error}); {COPY}") from error
