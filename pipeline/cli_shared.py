"""What commands of the command line share."""

import os
from typing import Final

import click

from pipeline.failures import UsageError

FORMATS: Final = "alto, csv, hocr, mets, page, pdf, tei, text"
WORKERS: Final = click.option(
    "--workers", type=click.IntRange(1, 1024), default=os.cpu_count, help="Local processes. Default: all cores."
)


def formats_of(text: str) -> tuple[str, ...]:
    """The formats of --formats, each once; raises UsageError."""
    from pipeline import formats

    names = tuple(dict.fromkeys(name for name in text.split(",") if name and name != "none"))
    for name in names:
        if name not in formats.FORMATS:
            raise UsageError(f"--formats {name}: there are {FORMATS} and none")
    return names


def configure_logging(verbose: bool, as_json: bool = False) -> None:
    """Before Beam is imported: its import logs on the root logger, which would install a handler of its own."""
    import logging

    if as_json:
        from pipeline.logs import log_as_json

        log_as_json(verbose)
    else:
        level = logging.INFO if verbose else logging.ERROR
        logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(lambda record: not record.getMessage().startswith("apitools not found"))
    if not verbose:
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
