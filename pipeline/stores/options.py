"""What the user gave after `--`, as the stores of this process know it."""

import argparse
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pipeline.failures import UsageError


class _Given:
    """The options of this process; `Beam.parse` of them is made where a store is first used, since it imports Beam."""

    options: tuple[str, ...] = ()


def use(options: Sequence[str]) -> None:
    """Let these options hold for all stores that this process opens from now on."""
    _Given.options = tuple(options)


def given() -> tuple[str, ...]:
    """What `use` was told, to be told to workers."""
    return _Given.options


def check(options: Sequence[str]) -> None:
    """Raise UsageError for what is no option of Beam's. The runners elsewhere check theirs, and know more."""
    from apache_beam.options.pipeline_options import PipelineOptions

    parser = argparse.ArgumentParser(prog="--", usage="", allow_abbrev=False, add_help=False, exit_on_error=False)
    for part in PipelineOptions.__subclasses__():
        part._add_argparse_args(parser)
    try:
        unknown = parser.parse_known_args(list(options))[1]
    except argparse.ArgumentError as error:
        raise UsageError(f"after --: {error}") from error
    if unknown:
        raise UsageError(
            f"after --: Beam has no option {' '.join(unknown)}; there are --s3_endpoint_url=URL, "
            "--s3_region_name=NAME, --no_auth and more, see apache_beam.options.pipeline_options"
        )


@lru_cache(maxsize=4)
def parsed(options: tuple[str, ...]) -> Any:
    """Beam's PipelineOptions."""
    from apache_beam.options.pipeline_options import PipelineOptions

    return PipelineOptions(list(options))
