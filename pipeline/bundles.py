"""The bundle that a user names, and the line finder in it, with errors that say how to get out."""

from pipeline.failures import UsageError
from recognizer.bundle import COPY, LINES, Bundle, BundleError
from recognizer.decode.decoding import AUTO, NONE
from segmentation.learned import LineNetwork, UnfitNetwork


def load_bundle(name: str) -> Bundle:
    """The bundle of that name or folder; raises UsageError."""
    try:
        return Bundle.load(name)
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
