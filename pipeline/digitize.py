"""One run of `inkbeam digitize`: list, plan, then waves of documents, each read and committed; then the table.

A wave is the unit of memory and of loss: what a killed run had not folded into the state yet is done again, to the same
bytes.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pipeline import events, plan, state
from pipeline.accounts import prune
from pipeline.bundles import check_language, load_bundle
from pipeline.catalogue import Catalogue
from pipeline.commit import Committer
from pipeline.corrections.kept import kept
from pipeline.corrections.table import compact
from pipeline.ending import exit_code
from pipeline.failures import TooManyFailures
from pipeline.files import may_be_pdf
from pipeline.index.update import Indexed, update_index
from pipeline.layouts import Layouts
from pipeline.lock import locked
from pipeline.metrics import write_metrics
from pipeline.packs.packing import pack
from pipeline.packs.unpacking import unpack
from pipeline.plan import Decision, Making, Planner
from pipeline.prepare import Preparer, renewed
from pipeline.progress import PageBar
from pipeline.records import write_records
from pipeline.remote import is_remote
from pipeline.rendering import Renderer
from pipeline.settings import Settings
from pipeline.sources import DocumentKind, Listing, Origin, find
from pipeline.storage import Storage, open_output, output_root
from pipeline.summary import Summary, settings_record
from pipeline.tasks import Method, Task
from pipeline.tesseract import LANGUAGES, Tesseract
from pipeline.until import Until
from pipeline.wave import Wave
from recognizer.arithmetic import Arithmetic
from recognizer.bundle import Bundle
from recognizer.decode.decoding import AUTO


@dataclass(frozen=True)
class Options:
    """The command line of a run, checked."""

    inputs: tuple[str, ...]
    output: str
    bundle: str = "default"
    formats: tuple[str, ...] = ("hocr",)
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    collection: str = "default"
    document: DocumentKind = "file"
    redo: frozenset[str] = frozenset()
    verify: bool = False
    layout: str | None = None
    catalogue: str | None = None
    language: str = AUTO
    arithmetic: Arithmetic | None = None
    reread: bool = False
    baseline: Literal["tesseract"] | None = None
    tesseract_languages: str = LANGUAGES
    until: str | None = None
    beam: tuple[str, ...] = ()


@dataclass
class Run:
    """Everything a run needs, opened."""

    options: Options
    settings: Settings
    bundle: Bundle
    storage: Storage
    listing: Listing
    decisions: list[Decision]
    making: Making
    layouts: Layouts | None
    catalogue: Catalogue
    tesseract: Tesseract | None = None
    until: Until | None = None

    @property
    def arithmetic(self) -> Arithmetic:
        """Of all workers: what was asked for, or the fastest of this machine's processor."""
        return self.options.arithmetic or self.bundle.arithmetic()

    @property
    def due(self) -> list[Decision]:
        """Documents that this run reads."""
        return [decision for decision in self.decisions if decision.read]


@contextmanager
def opened(options: Options, settings: Settings, writing: bool = True) -> Iterator[Run]:
    """List the input and compare it with the state. While writing, no other run may use the output."""
    until = Until.parse(options.until) if options.until else None
    bundle = load_bundle(options.bundle)
    check_language(bundle, options.language)
    tesseract = Tesseract.found(options.tesseract_languages) if options.baseline else None
    storage = open_output(options.output)
    listing = find(options.inputs, options.document, [output_root(options.output, storage)])
    layouts = Layouts.of(Path(options.layout)) if options.layout else None
    catalogue = Catalogue.load(options.catalogue, listing.origins) if options.catalogue else Catalogue({})

    fingerprint = settings.fingerprint()

    def making(origin: Origin) -> str:
        layout = layouts.digest(origin) if layouts else ""
        reread = options.reread and any(may_be_pdf(file.path) for file in origin.files)
        return plan.making(bundle.id, fingerprint, layout, options.language, reread)

    with ExitStack() as stack:
        if writing:
            stack.enter_context(locked(storage))
            storage.sweep()
            state.fold(storage)
        planner = Planner(
            making, options.redo, options.verify, settings.run.retries, plan.hash_origin, state.removed(storage)
        )
        decisions = plan.decide_all(planner, listing.origins, state.load(storage))
        # What turns out to be lost with a damaged pack is due too.
        while writing and unpack(storage, {decision.origin.document_id for decision in decisions if decision.read}):
            decisions = plan.decide_all(planner, listing.origins, state.load(storage))
        yield Run(options, settings, bundle, storage, listing, decisions, making, layouts, catalogue, tesseract, until)


def digitize(run: Run) -> Summary:
    """Do what is due; raises TooManyFailures after recording what was done."""
    summary = _summary(run)
    events.run_begun(run.options.output, run.options.until, summary)
    with _accounted(run, summary):
        rows = list(renewed(run.decisions))
        if rows:
            state.append(run.storage, rows)
        # Before any document is committed: its formats tell what is known of it.
        summary.catalogued = write_records(run.storage, run.decisions, run.catalogue, run.options.collection)
        with PageBar(len(run.due)) as bar, TemporaryDirectory(prefix="inkbeam-") as folder:
            try:
                _do_waves(run, Path(folder), summary, bar)
            except TooManyFailures:
                summary.indexed = _index(run)
                raise
        pack(run.storage, run.settings.run.retries)  # first: the index takes in packs far faster than single files
        compact(run.storage)
        summary.kept = kept(run.storage, {decision.origin.document_id for decision in run.due})
        summary.indexed = _index(run)
    return summary


@contextmanager
def _accounted(run: Run, summary: Summary) -> Iterator[None]:
    """Keep the account of the run, however it ends."""
    try:
        yield
    except BaseException as error:
        with suppress(Exception):  # what ended the run is to be told, not that its account cannot be kept either
            _keep_account(run, summary, exit_code(error))
        raise
    _keep_account(run, summary, summary.exit_code())


def _keep_account(run: Run, summary: Summary, code: int) -> None:
    account = summary.write(run.storage, code)
    prune(run.storage, run.settings.run.keep_runs)
    write_metrics(run.storage, output_root(run.options.output, run.storage), account)
    events.run_ended(account)


def _index(run: Run) -> Indexed:
    options = run.options
    return update_index(output_root(options.output, run.storage), options.workers, options.beam)


def _summary(run: Run) -> Summary:
    record = settings_record(run.options, run.settings.as_dict())
    listing = run.listing
    return Summary(
        record,
        run.bundle.id,
        run.arithmetic,
        run.options.output,
        run.decisions,
        listing.left_out,
        listing.unreadable,
        tesseract=run.tesseract,
    )


def _do_waves(run: Run, folder: Path, summary: Summary, bar: PageBar) -> None:
    options, settings = run.options, run.settings.run
    wave = Wave(options.workers, settings.chunk_pages, options.beam, _method(run), _committer(run), folder, bar.show)
    due = len(summary.due)
    for tasks in waves(run):
        pages = sum(task.size_in_pages for task in tasks)
        bar.begin_wave(len(tasks), pages, summary.tried, summary.failed)
        told = events.WaveLog(len(tasks), pages)
        deaths = wave.do(tasks)
        reports = state.fold(run.storage)
        summary.take((report.figures for report in reports), deaths)
        summary.begun += len(tasks)
        told.done(reports, deaths, due - summary.begun)
        _check_share(run, summary)


def waves(run: Run) -> Iterator[list[Task]]:
    """Tasks of the due documents, a wave at a time, until it is time to end."""
    limits = run.settings.run
    size = limits.remote_wave_pages if is_remote(run.options.beam) else limits.wave_pages
    wave: list[Task] = []
    pages = 0
    with Renderer(run.settings.render) as renderer:
        prepare = Preparer(run.storage, renderer, run.options.collection, run.making, run.layouts)
        for decision in run.due:
            if run.until and run.until.over:
                break
            wave.append(prepare.task(decision))
            pages += wave[-1].size_in_pages
            if pages >= size:
                renderer.close()  # its memory is the workers' while they read
                yield wave
                wave, pages = [], 0
    if wave:
        yield wave


def _method(run: Run) -> Method:
    name = run.options.bundle
    folder = str(run.bundle.folder.resolve()) if Path(name).is_dir() else name
    settings = run.settings
    return Method(
        folder,
        run.bundle.id,
        run.arithmetic,
        settings.render,
        settings.segment,
        run.options.language,
        settings.read.doubtful,
        run.tesseract,
        keep_text=not run.options.reread,
    )


def _committer(run: Run) -> Committer:
    return Committer(output_root(run.options.output, run.storage), run.options.formats, run.bundle.id)


def _check_share(run: Run, summary: Summary) -> None:
    limits = run.settings.run
    if summary.tried >= limits.max_failed_after and summary.failed > limits.max_failed * summary.tried:
        kind, count = summary.by_kind.most_common(1)[0]
        raise TooManyFailures(
            f"stopped: {summary.failed} of {summary.tried} pages failed, most often as {kind!r} ({count}). "
            "Something common to them must be wrong: a lost disk, a wrong folder, a damaged copy. "
            "What was done is kept. Mend it and run again, or raise [run] max_failed in the settings"
        )
