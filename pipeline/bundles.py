"""The bundle that a user names, and what it has to work with, with errors that say how to get out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.failures import UsageError
from recognizer.arithmetic import Arithmetic
from recognizer.bundle import COPY, LINES, RANGES, Bundle, BundleError
from recognizer.decode.decoding import AUTO, NONE
from recognizer.policy import TextPolicy
from segmentation import CropGeometry
from segmentation.learned import DnnNetwork, LineNetwork, UnfitNetwork

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
        finder = line_finder(bundle, arithmetic)
        return cls(reader, CropGeometry(**geometry), finder, bundle.text_policy)


def load_bundle(name: str) -> Bundle:
    """The bundle of that name or folder; raises UsageError."""
    try:
        return Bundle.load(name)
    except BundleError as error:
        raise UsageError(str(error)) from error


def load_tools(bundle: Bundle) -> Tools:
    """What the bundle has to work with on this machine; raises UsageError."""
    try:
        return Tools.of(bundle, bundle.arithmetic())
    except BundleError as error:
        raise UsageError(str(error)) from error


def check_language(bundle: Bundle, language: str) -> None:
    """Raises UsageError when the bundle has no model of the language that was asked for."""
    known = (*bundle.languages, AUTO, NONE)
    if language not in known:
        raise UsageError(f"--language {language}: there are {', '.join(known)}; `inkbeam lm --from` adds others")


def line_finder(bundle: Bundle, arithmetic: Arithmetic) -> LineNetwork | None:
    """The bundle's line finder, None where it has none; raises BundleError. torch is imported where it is faster."""
    if LINES not in bundle.parts:
        return None
    content = bundle.part(LINES)
    try:
        return DnnNetwork(content) if arithmetic == "fp32" else _by_torch(bundle, content, arithmetic)
    except UnfitNetwork as error:
        raise BundleError(f"{bundle.path(LINES)}: no line finder that this Inkbeam runs ({error}); {COPY}") from error


def _by_torch(bundle: Bundle, content: bytes, arithmetic: Arithmetic) -> LineNetwork:
    from pipeline.finder import TorchNetwork
    from recognizer.ranges import NONE, load_ranges

    ranges = load_ranges(bundle, LINES) if arithmetic == "int8" else NONE
    try:
        return TorchNetwork.of(content, arithmetic, ranges)
    except KeyError as error:
        raise BundleError(f"{bundle.path(RANGES + LINES)}: no range of {error}; {COPY}") from error
