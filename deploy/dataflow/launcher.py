"""What Dataflow's flex template launcher starts: its parameters become a command line of `inkbeam digitize`.

`--inputs` holds INPUT..., quoted as in a shell; what OPTIONS names is an option of `inkbeam digitize` of that name; all
else, such as `--project` and the `--template_location` that makes a template of the graph, goes to Beam.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from typing import Final

OPTIONS: Final = ("output", "bundle", "formats", "collection", "document", "language", "redo", "arithmetic")
# A process reads one chunk of pages at a time: more threads wait for its interpreter and hold their pages in memory.
BEAM: Final = ("--runner=DataflowRunner", "--number_of_worker_harness_threads=1")


def command_line(parameters: Sequence[str]) -> list[str]:
    """The arguments of `inkbeam`. Ends with a message and code 2 where inputs or output are missing or ill quoted."""
    parser = argparse.ArgumentParser(prog="launcher.py", description=__doc__, allow_abbrev=False)
    parser.add_argument("--inputs", type=shlex.split, required=True)
    for name in OPTIONS:
        parser.add_argument(f"--{name}", required=name == "output")
    own, beam = parser.parse_known_args(parameters)
    values = {name: getattr(own, name) for name in OPTIONS}
    chosen = [f"--{name}={value}" for name, value in values.items() if value]
    return ["digitize", *own.inputs, *chosen, "--", *BEAM, *beam]


if __name__ == "__main__":
    from pipeline.cli import main

    main(command_line(sys.argv[1:]))
