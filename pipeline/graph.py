"""The whole graph.

tasks ---------------------------------------------------+
                                                         +--> gather documents --> commit --> ids of documents
chunks --> read: render, segment, cut, recognise --------+
           (pages, and failures beside them)
"""

from collections.abc import Sequence

import apache_beam as beam

from pipeline.commit import Committer
from pipeline.index.gather import Batch
from pipeline.stages import Commit, GatherWords, ReadChunk
from pipeline.tasks import Chunk, Method, Task


def digitize(
    pipeline: beam.Pipeline, tasks: Sequence[Task], chunks: Sequence[Chunk], method: Method, committer: Committer
) -> beam.PCollection:
    """Read the chunks' pages and commit the tasks' documents; the ids of the committed documents come out."""
    keyed = pipeline | "Documents" >> beam.Create([(task.document_id, task) for task in tasks])
    return (
        {"task": keyed, "pages": read(pipeline, chunks, method)}
        | "Gather documents" >> beam.CoGroupByKey()
        | "Commit" >> beam.ParDo(Commit(committer)).with_output_types(str)
    )


def read(pipeline: beam.Pipeline, chunks: Sequence[Chunk], method: Method) -> beam.PCollection:
    """Read the chunks' pages: (document id, packed page, or failure of a page that could not be done).

    Alone, without a commit, it shows whether pages kill their worker.
    """
    return pipeline | "Chunks" >> beam.Create(chunks) | "Read" >> beam.ParDo(ReadChunk(method))


def index(pipeline: beam.Pipeline, batches: Sequence[Batch], root: str) -> beam.PCollection:
    """Gather the batches' documents to sorted parts of the word index; the numbers of the parts come out."""
    return pipeline | "Batches" >> beam.Create(batches) | "Gather words" >> beam.ParDo(GatherWords(root))
