"""The commands on what was read: they take OUT."""

import sys
from pathlib import Path
from typing import Any, Final

import click

from pipeline.cli_shared import FORMATS, WORKERS, configure_logging, formats_of
from pipeline.failures import UsageError


@click.command()
@click.argument("output", metavar="OUT")
@click.option("--formats", metavar="NAMES", help=f"With commas between: {FORMATS}.")
@click.option(
    "--package", metavar="FOLDER", help="Write page images there, with PAGE, or ALTO by --formats, to be corrected."
)
@click.option("--pages", metavar="WHICH", help="Of a package: all, doubtful, or worst:N.  [default: all]")
def export(output: str, formats: str | None, package: str | None, pages: str | None) -> None:
    """Write formats of what was read into OUT, without reading again; or a package for eScriptorium or Transkribus."""
    configure_logging(False)
    if package is not None:
        from pipeline.package import Order
        from pipeline.package import package as pack

        done = pack(output, package, Order.of(formats or "page", pages or "all"))
    elif formats is None or pages is not None:
        raise UsageError("export: name --formats, or --package, which alone goes with --pages")
    else:
        from pipeline.export import export as run

        done = run(output, formats_of(formats))
    click.echo(done.told())
    sys.exit(done.exit_code)


@click.command()
@click.argument("output", metavar="OUT")
@WORKERS
@click.pass_obj
def index(beam: tuple[str, ...], /, output: str, workers: int) -> None:
    """Bring the word index of OUT in line with its tables; digitize does so by itself. What follows -- goes to Beam."""
    configure_logging(False)
    from pipeline.index.update import index as run

    done = run(output, workers, beam)
    click.echo("\n".join([done.told(), *(f"left out: {reason}" for reason in done.left_out)]))
    sys.exit(done.exit_code)


@click.command()
@click.argument("output", metavar="OUT")
@click.option(
    "--import",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Take what was corrected in a package that came back, PAGE or ALTO.",
)
@click.option("--who", default="", metavar="NAME", help="Who corrects; kept with every line.")
@click.option("--port", type=click.IntRange(0, 65535), help="Of the page on this machine.  [default: a free one]")
def correct(output: str, folder: Path | None, who: str, port: int | None) -> None:
    """Correct lines of OUT in a browser, the worst first, until Ctrl-C. The readings stay; export, search and report
    show the corrected text.
    """
    configure_logging(False)
    if folder is None:
        from pipeline.corrections.serving import correct as serve

        click.echo(serve(output, who, port or 0, click.echo))
        return
    if port is not None:
        raise UsageError("correct: --port is that of the page; leave it out with --import")
    from pipeline.corrections.importing import import_corrections

    done = import_corrections(output, folder, who)
    click.echo(done.told())
    sys.exit(done.exit_code)


@click.command()
@click.argument("output", metavar="OUT")
@click.option("--text", is_flag=True, help="Print the last run instead, as text that fits a mail.")
def report(output: str, text: bool) -> None:
    """Show what was read in OUT, by digitize or compare, as one HTML file: OUT/report.html."""
    configure_logging(False)
    if text:
        from pipeline.report.text import text_report

        click.echo(text_report(output))
    else:
        from pipeline.report.command import write_report

        click.echo(write_report(output))


@click.command()
@click.argument("output", metavar="OUT")
@click.argument("query", metavar="QUERY")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Hits to show, the best first.")
@click.option("--collection", "collections", multiple=True, metavar="NAME", help="Of these alone. May be repeated.")
@click.option("--document", "documents", multiple=True, metavar="ID", help="Of these alone. May be repeated.")
@click.option("--language", "languages", multiple=True, metavar="NAME", help="On lines of these. May be repeated.")
@click.option("--without-doubtful", is_flag=True, help="Leave doubtful pages out.")
@click.option(
    "--confidence", type=click.FloatRange(0, 1), default=0.0, metavar="MIN", help="Least probability of a hit."
)
@click.option(
    "--where", multiple=True, metavar="COLUMN=TEXT", help="Of the catalogue, as date=1914..1918. May be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page with the places cut out.")
def search(
    collections: tuple[str, ...],
    documents: tuple[str, ...],
    languages: tuple[str, ...],
    without_doubtful: bool,
    where: tuple[str, ...],
    **values: Any,
) -> None:
    """Find words in the index of OUT. QUERY: word "exact phrase" pre* fuzzy~ NEAR AND OR NOT ( )."""
    from pipeline.search.command import Options
    from pipeline.search.command import search as run
    from pipeline.search.filters import Only, Where

    only = Only(collections, documents, languages, without_doubtful)
    options = Options(only=only, where=tuple(map(Where.parse, where)), **values)
    click.echo(run(options, lambda warning: click.echo(f"inkbeam: {warning}", err=True)))


@click.command()
@click.argument("output", metavar="OUT")
@click.argument("documents", nargs=-1, required=True, metavar="ID...")
@click.option("--undo", is_flag=True, help="Let documents that were removed be read again.")
def remove(output: str, documents: tuple[str, ...], undo: bool) -> None:
    """Erase documents from OUT, by their ids, and never read them again."""
    configure_logging(False)
    from pipeline import remove as command

    click.echo(command.allow(output, documents) if undo else command.remove(output, documents))


COMMANDS: Final = (correct, export, index, report, search, remove)
