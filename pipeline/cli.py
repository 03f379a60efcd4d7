"""The command line: one thin function a command. What is heavy is imported when a command runs, so that --help is
quick.
"""

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli_outputs import COMMANDS
from pipeline.cli_shared import FORMATS, WORKERS, configure_logging, formats_of
from pipeline.ending import Terminated, exit_code, is_expected, terminable, told
from pipeline.failures import UsageError
from recognizer.arithmetic import ARITHMETICS

if TYPE_CHECKING:
    from recognizer.bundle import Bundle

COLLECTION_CHARACTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
DATA = "line Parquet, or folders of it or of scans with PAGE XML or ALTO"
REDO = "outdated, failed, all, or document ids"
TESSERACT_LANGUAGES = click.option(
    "--tesseract-languages", default="eng+fra+deu", show_default=True, help="Tesseract's, with + between."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="inkbeam")
def inkbeam() -> None:
    """Turn archive scans into searchable text, in batches."""


@inkbeam.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--output", required=True, metavar="OUT", help="Folder (or gs://, s3://) of the dataset.")
@click.option("--bundle", default="default", show_default=True, help="Recogniser: a folder, or a shipped one by name.")
@click.option("--config", metavar="FILE.toml", help="Settings; `inkbeam settings` prints all with their defaults.")
@click.option("--formats", default="hocr", show_default=True, help=f"Beside Parquet, with commas: {FORMATS}; or none.")
@WORKERS
@click.option("--collection", default="default", show_default=True, help="Partition of the dataset.")
@click.option(
    "--document",
    type=click.Choice(["file", "folder", "mets"]),
    default="file",
    show_default=True,
    help="What a document is.",
)
@click.option("--language", default="auto", show_default=True, help="Of the language model: auto, none, or its name.")
@click.option(
    "--arithmetic",
    type=click.Choice(ARITHMETICS),
    help="Of the networks; all workers must have it. Default: the fastest of this processor.",
)
@click.option("--plan", is_flag=True, help="Say what would be done and why, and do nothing.")
@click.option("--redo", multiple=True, metavar="WHAT", help=f"Read again: {REDO}. May be repeated.")
@click.option("--verify", is_flag=True, help="Compare all sources by content, not by size and time.")
@click.option("--layout", metavar="FOLDER", help="Take lines and order from PAGE XML or ALTO there, matched by name.")
@click.option(
    "--catalogue", metavar="FILE.csv", help="What is known of the documents: shelfmark, title, date, rights ..."
)
@click.option("--reread", is_flag=True, help="Read also pages of PDFs that have their text in letters.")
@click.option("--baseline", type=click.Choice(["tesseract"]), help="Let Tesseract read the same pages, to compare.")
@TESSERACT_LANGUAGES
@click.option("--until", metavar="HH:MM", help="Begin no document after this time of day; the next run goes on there.")
@click.option("--log-json", is_flag=True, help="Log as JSON, an object a line, instead of the bar.")
@click.option("--verbose", is_flag=True, help="Show what Beam logs, and the traceback of errors.")
@click.pass_obj
def digitize(
    beam: tuple[str, ...], /, plan: bool, verbose: bool, log_json: bool, config: str | None, **values: Any
) -> None:
    """Read scans: files, folders, globs or gs:// patterns. What follows -- goes to Beam."""
    configure_logging(verbose, log_json)
    from pipeline.digitize import Options, opened
    from pipeline.digitize import digitize as run_digitize
    from pipeline.settings import Settings

    options = Options(
        **values
        | {
            "formats": formats_of(values["formats"]),
            "collection": _collection(values["collection"]),
            "redo": frozenset(part for what in values["redo"] for part in what.split(",") if part),
            "beam": beam,
        }
    )
    settings = Settings.load(config)
    with terminable(), opened(options, settings, writing=not plan) as run:
        if plan:
            from pipeline.planning import describe

            click.echo(describe(run))
            return
        summary = run_digitize(run)
    click.echo(summary.table())
    sys.exit(summary.exit_code())


@inkbeam.command()
def settings() -> None:
    """Print a settings file with every key, its default, range and meaning."""
    from pipeline.settings import example

    click.echo(example(), nl=False)


PASSED_ON = {"ignore_unknown_options": True, "help_option_names": []}


@inkbeam.command(context_settings=PASSED_ON, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def train(arguments: tuple[str, ...]) -> None:
    """Train a reader on lines with truth: line Parquet, or scans with PAGE XML or ALTO."""
    _teach("train", arguments)


@inkbeam.command(context_settings=PASSED_ON, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def evaluate(arguments: tuple[str, ...]) -> None:
    """Error rates of a reader on lines with truth."""
    _teach("evaluate", arguments)


@inkbeam.command(context_settings=PASSED_ON, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lm(arguments: tuple[str, ...]) -> None:
    """Make a language model of plain text or lines with truth."""
    _teach("lm", arguments)


@inkbeam.command("draw-lines", context_settings=PASSED_ON, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def draw_lines(arguments: tuple[str, ...]) -> None:
    """Draw texts as handwriting to train on, in fonts or in the letters of real hands."""
    _teach("draw-lines", arguments)


@inkbeam.command("train-lines")
@click.argument("data", nargs=-1, required=True, metavar="DATA...", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--output", required=True, type=click.Path(path_type=Path), metavar="BUNDLE", help="Folder of the bundle."
)
@click.option("--from", "start", default="default", show_default=True, help="Bundle whose other parts are copied.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--without", multiple=True, metavar="DATASET", help="Leave a data set out. May be repeated.")
def train_lines(**values: Any) -> None:
    """Train a line finder: DATA are layout Parquet, or folders of scans with PAGE XML or ALTO."""
    from pipeline.train_lines import Options
    from pipeline.train_lines import train_lines as run

    click.echo(run(Options(**values)))


@inkbeam.command("evaluate-pages")
@click.argument("folders", nargs=-1, required=True, metavar="PAGES...", type=click.Path(path_type=Path))
@click.option("--bundle", default="default", show_default=True, help="Recogniser: a folder, or a shipped one by name.")
@click.option("--lines-only", is_flag=True, help="Judge the lines alone, and read nothing.")
@click.option("--config", metavar="FILE.toml", help="Settings, of which those of [segment] count.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE", help="Write the figures.")
@click.option(
    "--html", "html_file", type=click.Path(path_type=Path), metavar="FILE", help="Write a page that shows all."
)
def evaluate_pages(
    folders: tuple[Path, ...],
    bundle: str,
    lines_only: bool,
    config: str | None,
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Judge whole pages: lines found, reading order, text. PAGES are folders of scans with PAGE XML or ALTO."""
    from pipeline.evaluate_pages import Options
    from pipeline.evaluate_pages import evaluate_pages as run

    click.echo(run(Options(folders, bundle, lines_only, config, json_file, html_file)))


@inkbeam.command()
@click.argument("data", nargs=-1, required=True, metavar="DATA...", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--output", required=True, type=click.Path(path_type=Path), metavar="OUT", help="Folder of what both read."
)
@click.option("--bundle", default="default", show_default=True, help="Recogniser: a folder, or a shipped one by name.")
@TESSERACT_LANGUAGES
@click.option("--config", metavar="FILE.toml", help="Settings, of which those of [segment] count.")
@click.option("--json", type=click.Path(path_type=Path), metavar="FILE", help="Write the figures.")
def compare(**values: Any) -> None:
    """Read DATA with Inkbeam and with Tesseract, and judge both: line Parquet, or scans, best with PAGE XML or ALTO."""
    from pipeline.comparison.command import Options, compare_all

    click.echo(compare_all(Options(**values)))


for each in COMMANDS:
    inkbeam.add_command(each)


def _teach(command: str, arguments: tuple[str, ...]) -> None:
    """Run a command of the recogniser, whose options are its own, on what the pipeline can make lines of."""
    from recognizer.commands import Finders, run_command

    def truth(sources: Sequence[Path], bundle: "Bundle | None", folder: Path) -> list[Path]:
        from pipeline.ground_truth import find_lines

        return find_lines(sources, bundle, folder)

    def corrections(source: str, bundle: "Bundle", folder: Path) -> list[Path]:
        from pipeline.corrections.lines import find_corrected

        return find_corrected(source, bundle, folder)

    def unread(source: str, bundle: "Bundle", folder: Path) -> list[Path]:
        from pipeline.unread_lines import find_unread

        return find_unread(source, bundle, folder)

    sys.exit(run_command(command, arguments, f"inkbeam {command}", DATA, Finders(truth, corrections, unread)))


def _collection(name: str) -> str:
    if not name or not set(name) <= COLLECTION_CHARACTERS or name.startswith("."):
        raise UsageError(f"--collection {name!r}: use letters, digits, '.', '_' and '-', not beginning with '.'")
    return name


def _tell_stores(beam: tuple[str, ...]) -> None:
    """Let the options after `--` hold for gs:// and s3://."""
    from pipeline.remote import is_remote
    from pipeline.stores import options

    if not is_remote(beam):
        options.check(beam)
    options.use(beam)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of `inkbeam`."""
    given = sys.argv[1:] if arguments is None else arguments
    cut = given.index("--") if "--" in given else len(given)
    own, beam = given[:cut], tuple(given[cut + 1 :])
    try:
        if beam:
            _tell_stores(beam)
        inkbeam.main(own, prog_name="inkbeam", obj=beam, standalone_mode=False)
    except (Exception, KeyboardInterrupt, Terminated) as error:
        _say(error, own)
        sys.exit(exit_code(error))


def _say(error: BaseException, arguments: Sequence[str]) -> None:
    """On standard error: what happened, and where if that is asked for or nobody expected it."""
    traced = "--verbose" in arguments or not is_expected(error)
    if "--log-json" in arguments:
        from pipeline.logs import log_error

        log_error(told(error), exit_code(error), error, traced)
    elif isinstance(error, click.ClickException):
        error.show()
    else:
        if traced:
            traceback.print_exception(error)
        click.echo(f"inkbeam: {told(error)}", err=True)


if __name__ == "__main__":
    main()
