"""`--plan`: what a run would do and why, in words."""

from collections import defaultdict

from pipeline.accounts import pages_a_second
from pipeline.counting import counted
from pipeline.digitize import Run
from pipeline.failures import PageError
from pipeline.fetching import local_copy
from pipeline.plan import Decision
from pipeline.rendering import Renderer
from pipeline.sources import SourceFile
from pipeline.summary import catalogue_notes

USUAL_PAGES_A_SECOND = 1.0
NAMED = 10


def describe(run: Run) -> str:
    """The plan of a run: for each reason the documents and pages, and the time that reading will take."""
    with Renderer(run.settings.render) as renderer:
        pages = {decision.origin.document_id: pages_due(decision, renderer) for decision in run.due}
    by_reason: dict[str, list[Decision]] = defaultdict(list)
    for decision in run.decisions:
        by_reason[decision.reason].append(decision)
    rows = [_row(reason, decisions, pages) for reason, decisions in by_reason.items()]
    outdated = [decision for decision in run.decisions if decision.outdated]
    if outdated:
        rows.append(
            f"outdated: {counted(len(outdated), 'document')} (made with another bundle or settings): --redo outdated"
        )
    if run.listing.left_out:
        rows.append(f"left out: {counted(run.listing.left_out, 'file')}, neither PDF nor image")
    rows += (f"catalogue: {note}" for note in catalogue_notes(run.catalogue))
    if run.listing.unreadable:
        shown = ", ".join(run.listing.unreadable[:NAMED])
        rows.append(f"cannot be looked at: {counted(len(run.listing.unreadable), 'path')}: {shown}")
    return "\n".join([*rows, _time(run, sum(pages.values()))])


def pages_due(decision: Decision, renderer: Renderer) -> int:
    """Pages that reading a document will take; its files are opened only where their pages are not known."""
    state = decision.state
    if state is not None and decision.reason == "retried":
        return state.failures
    if state is not None and decision.reason in ("outdated", "redone"):
        return state.pages
    return sum(_count(file, renderer) for file in decision.origin.files)


def _count(file: SourceFile, renderer: Renderer) -> int:
    """Pages of a file; one that cannot be opened counts as the one failure that it will be."""
    try:
        with local_copy(file.path) as path:
            return renderer.count_pages(path)
    except (PageError, OSError):
        return 1


def _row(reason: str, decisions: list[Decision], pages: dict[str, int]) -> str:
    due = [decision for decision in decisions if decision.read]
    head = f"{counted(len(decisions), 'document')}, {reason}"
    if not due:
        return f"{head}: skipped"
    names = [f"  {d.origin.name}: {counted(pages[d.origin.document_id], 'page')}" for d in due[:NAMED]]
    if len(due) > NAMED:
        names.append(f"  and {len(due) - NAMED} more")
    return "\n".join([f"{head}: {counted(sum(pages[d.origin.document_id] for d in due), 'page')} to read", *names])


def _time(run: Run, pages: int) -> str:
    speed = pages_a_second(run.storage)
    source = "as fast as the last run" if speed else "at a usual speed"
    seconds = pages / (speed or USUAL_PAGES_A_SECOND)
    told = f"{counted(pages, 'page')} to read, about {seconds / 60:.1f} minutes {source}"
    if run.until is None or seconds <= run.until.left:
        return told
    return f"{told}; until {run.options.until} about {counted(int(pages * run.until.left / seconds), 'page')} of them"
