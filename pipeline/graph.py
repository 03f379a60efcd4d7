"""The whole graph.

tasks  ------------------------------------------------+
chunks -- read: render, segment, cut, recognise --+--> group by document -- commit --> ids of documents
                                                  |        |
                                                  +--failures
"""

from collections.abc import Sequence

import apache_beam as beam

from pipeline.commit import Committer
from pipeline.stages import FAILED, Commit, ReadChunk
from pipeline.tasks import Chunk, Method, Task


def digitize(
    pipeline: beam.Pipeline, tasks: Sequence[Task], chunks: Sequence[Chunk], method: Method, committer: Committer
) -> beam.PCollection:
    """Read the chunks' pages and commit the tasks' documents; the ids of the committed documents come out."""
    pages, failures = read(pipeline, chunks, method)
    keyed = pipeline | "Documents" >> beam.Create([(task.document_id, task) for task in tasks])
    return (
        {"task": keyed, "pages": pages, "failures": failures}
        | "Gather documents" >> beam.CoGroupByKey()
        | "Commit" >> beam.ParDo(Commit(committer)).with_output_types(str)
    )


def read(pipeline: beam.Pipeline, chunks: Sequence[Chunk], method: Method) -> tuple[beam.PCollection, beam.PCollection]:
    """Read the chunks' pages: (document id, packed page), and (document id, failure) for what could not be done.

    Alone, without a commit, it shows whether pages kill their worker.
    """
    outcome = (
        pipeline
        | "Chunks" >> beam.Create(chunks)
        | "Read" >> beam.ParDo(ReadChunk(method)).with_outputs(FAILED, main="pages")
    )
    return outcome["pages"], outcome[FAILED]
