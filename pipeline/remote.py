"""A graph wherever the options after `--` say: a Dask cluster, Flink, Dataflow, or any other runner of Beam's."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from pipeline.failures import ExitCode, InkbeamError, NothingDone, UsageError
from pipeline.runner import GraphName, lean

DASK_RUNNER: Final = "apache_beam.runners.dask.dask_runner.DaskRunner"
MOST_PARTITIONS: Final = 4096


class HandedOver(InkbeamError):
    """No error: a template holds the graph, and who launches it waits for this process to end well."""

    exit_code = ExitCode.DONE


def is_remote(options: Sequence[str]) -> bool:
    """Whether Beam's options name a runner; without one they are for the filesystems, and graphs run here."""
    return any(option.split("=")[0] == "--runner" for option in options)


def run_remote(graph: GraphName, arguments: tuple[Any, ...], options: Sequence[str], chunks: int) -> None:
    """Run a graph where Beam's own options say and wait for the end.

    Raises UsageError for options that Beam refuses, NothingDone when the run ends badly, HandedOver when the options
    make a template of it.
    """
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.runner import PipelineState

    from pipeline import graph as graphs

    lean()
    try:
        pipeline = beam.Pipeline(options=PipelineOptions(list(beam_options(options, chunks))))
    except ValueError as error:
        raise UsageError(f"Beam refuses {' '.join(options)}: {error}") from error
    getattr(graphs, graph)(pipeline, *arguments)
    result = pipeline.run()
    if any(option.startswith("--template_location=") for option in options):
        raise HandedOver(
            "the job is handed over. When it has ended, `inkbeam index OUT` makes its words searchable, "
            "and the next run takes in what it did"
        )
    result.wait_until_finish()
    ended = getattr(result, "state", PipelineState.DONE)
    if ended not in (PipelineState.DONE, None):
        raise NothingDone(f"the runner ended as {ended}; its own log says why. A rerun goes on where this one stopped")


def beam_options(options: Sequence[str], chunks: int) -> Iterator[str]:
    """The options with what Beam's DaskRunner needs to be told.

    Beam knows it by its full name only, and it spreads work by the partitions of `Create` alone: one for each chunk.
    """
    dask = "--runner=DaskRunner" in options
    for option in options:
        yield f"--runner={DASK_RUNNER}" if option == "--runner=DaskRunner" else option
    if dask and not any(option.startswith("--dask_npartitions") for option in options):
        yield f"--dask_npartitions={max(1, min(chunks, MOST_PARTITIONS))}"
