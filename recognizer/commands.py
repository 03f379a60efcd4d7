"""The commands `train`, `evaluate`, `lm` and `draw-lines`, as `python -m recognizer` and `inkbeam` run them.

They differ in their data: the first knows line Parquet alone, the second makes it from scans with PAGE XML or ALTO.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from recognizer.arithmetic import ARITHMETICS
from recognizer.bundle import Bundle
from recognizer.errors import RecognizerError, Refused, TrainingError

if TYPE_CHECKING:
    from recognizer.draw.drawn import Writer
    from recognizer.samples import LineData
    from recognizer.train.run import Job
    from recognizer.train.teach import Taught

USAGE: Final = 2
NOTHING_DONE: Final = 4
DEFAULT_MINUTES: Final = 60.0
TEACHING_MINUTES: Final = 15.0
Find = Callable[[Sequence[Path], Bundle | None, Path], list[Path]]
"""The line Parquet files of what the user named, cut as the bundle wants its lines (None stands for a new one); what
has to be made is put into the folder."""
FindOut = Callable[[str, Bundle, Path], list[Path]]
"""The same of an OUT of `inkbeam digitize`, or of line Parquet."""


@dataclass(frozen=True)
class Finders:
    """How line Parquet is come by: of lines with truth, of those that people corrected, of unread ones."""

    truth: Find
    corrections: FindOut
    unread: FindOut


def train_parser(program: str, data: str) -> argparse.ArgumentParser:
    """The command line of `train`; `data` says what may be named."""
    parser = argparse.ArgumentParser(program, description="Train a reader on lines with truth and write a bundle.")
    parser.add_argument("data", nargs="*", type=Path, metavar="DATA", help=data)
    parser.add_argument("--output", type=Path, required=True, metavar="BUNDLE", help="folder; go on there after a kill")
    parser.add_argument("--from", dest="start", metavar="BUNDLE", help="fine-tune this bundle: a folder, or default")
    taught = parser.add_mutually_exclusive_group()
    taught.add_argument(
        "--corrections", metavar="OUT", help="teach --from the lines that people corrected; DATA: its old lines"
    )
    taught.add_argument("--unread", metavar="OUT", help="teach --from what it is sure of there; DATA: its old lines")
    parser.add_argument("--force", action="store_true", help="write what was taught even if it reads worse")
    parser.add_argument(
        "--architecture", help="network: seed, quick, small or base (default: small, or that of --from)"
    )
    parser.add_argument("--freeze", choices=["cnn"], help="leave the convolutions as they are")
    parser.add_argument(
        "--text-policy", metavar="POLICY", help="folded, diplomatic, or a table of replacements (default: folded)"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=_positive, help="default: 60; with --corrections and --unread 15")
    length.add_argument("--epochs", type=_positive, help="train for so many passes over the lines instead")
    parser.add_argument("--rate", type=_positive, help="highest learning rate (default: that of the architecture)")
    parser.add_argument("--processes", type=_count, default=2, help="single-threaded ones; GPUs take one each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", action="append", default=[], metavar="DATASET", help="leave a data set out")
    parser.add_argument("--limit", type=_count, help="use only so many lines of each split, to try things out")
    return parser


def evaluate_parser(program: str, data: str) -> argparse.ArgumentParser:
    """The command line of `evaluate`; `data` says what may be named."""
    parser = argparse.ArgumentParser(program, description="Error rates of a bundle on lines with truth.")
    parser.add_argument("data", nargs="+", type=Path, metavar="DATA", help=data)
    parser.add_argument("--bundle", default="default", help="a folder, or a shipped one by name (default: default)")
    parser.add_argument("--split", choices=["train", "val", "test", "all"], help="default: test, or all without any")
    parser.add_argument(
        "--decoder", choices=["beam", "greedy"], default="beam", help="beam reads with the bundle's language models"
    )
    parser.add_argument("--arithmetic", choices=ARITHMETICS, help="default: the fastest for bundle and processor")
    parser.add_argument("--ignore-case", action="store_true", help="report rates without regard to case too")
    parser.add_argument("--ignore-punctuation", action="store_true", help="report rates without punctuation too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with confusions and the worst lines")
    return parser


def lm_parser(program: str, _: str) -> argparse.ArgumentParser:
    """The command line of `lm`."""
    parser = argparse.ArgumentParser(program, description="Make a character language model of text.")
    parser.add_argument(
        "texts",
        nargs="+",
        type=Path,
        metavar="TEXT",
        help="plain text (*.txt, *.txt.xz, *.txt.gz; a paragraph a line), line Parquet, folders of them; or one *.arpa",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="LM", help="file; *.arpa for other programs")
    parser.add_argument("--from", dest="start", metavar="BUNDLE", help="put it in this bundle, which --output becomes")
    parser.add_argument("--language", metavar="LANG", help="its name in the bundle; of Parquet, only lines in it count")
    parser.add_argument("--order", type=_count, default=6, help="characters of the longest n-grams (default: 6)")
    parser.add_argument(
        "--prune",
        type=int,
        nargs="+",
        default=[0, 0, 0, 1],
        metavar="N",
        help="leave out n-grams of length 1, 2, ... seen N times or less, the last N for all longer ones (0 0 0 1)",
    )
    return parser


def draw_lines_parser(program: str, data: str) -> argparse.ArgumentParser:
    """The command line of `draw-lines`; `data` says what may be named as lines of hands."""
    parser = argparse.ArgumentParser(program, description="Draw texts as handwriting that nobody wrote, to train on.")
    parser.add_argument(
        "texts",
        nargs="+",
        type=Path,
        metavar="TEXT",
        help="plain text (*.txt, *.txt.xz, *.txt.gz; a paragraph a line), line Parquet, folders of them",
    )
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--fonts", type=Path, metavar="FOLDER", help="in the fonts there: TTF, OTF, WOFF, WOFF2")
    way.add_argument("--hands", type=Path, action="append", metavar="LINES", help=f"in letters cut out of {data}")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="line Parquet")
    parser.add_argument("--lines", type=_count, default=2000, help="how many (default: 2000)")
    parser.add_argument("--language", metavar="LANG", help="of the texts; of Parquet, only lines in it count")
    parser.add_argument("--bundle", default="default", help="finds the letters of --hands (default: default)")
    parser.add_argument("--without", action="append", default=[], metavar="DATASET", help="take no letters of it")
    return parser


def train(options: argparse.Namespace, find: Finders) -> str:
    """Train as told; what to tell the user. Raises RecognizerError. torch is imported here, so that --help is quick."""
    from recognizer.train.run import train as run

    teaching = options.corrections or options.unread
    if not options.data and not teaching:
        raise TrainingError("nothing to learn from: name DATA, or give --corrections or --unread")
    if teaching and not options.start:
        raise TrainingError("--corrections and --unread teach a bundle: give it with --from")
    bundle = Bundle.load(options.start) if options.start else None
    lines = options.output / "lines"
    job = _job(options, bundle)
    if options.data:
        job = replace(job, files=tuple(find.truth(options.data, bundle, lines)))
    if bundle and teaching:
        taught = _taught(options, job, bundle, find, lines)
        print(taught.outcome.table())
        said = taught.told()
    else:
        made = run(job)
        said = f"{made.folder}: bundle {made.id}, val CER {made.card['val']['all']['cer']:.2%}; see report.html there"
    shutil.rmtree(lines, ignore_errors=True)
    return said


def _taught(options: argparse.Namespace, job: "Job", bundle: Bundle, find: Finders, lines: Path) -> "Taught":
    """Teach the bundle corrections, or what it reads itself."""
    from recognizer.train.corrections import learn_corrections
    from recognizer.train.unread import learn_unread

    if options.corrections:
        return learn_corrections(job, bundle, find.corrections(options.corrections, bundle, lines), options.force)
    return learn_unread(job, bundle, find.unread(options.unread, bundle, lines), options.force)


def _job(options: argparse.Namespace, bundle: Bundle | None) -> "Job":
    """What the options say of a training, as yet without its lines."""
    from recognizer.train.recipe import Recipe
    from recognizer.train.run import Job
    from recognizer.train.start import Start

    start = Start.chosen(bundle, options.architecture, options.text_policy, options.seed)
    chosen: dict[str, Any] = {"processes": options.processes, "seed": options.seed, "freeze_cnn": bool(options.freeze)}
    if options.rate:
        chosen["rate"] = options.rate
    usual = TEACHING_MINUTES if options.corrections or options.unread else DEFAULT_MINUTES
    minutes = options.minutes or (None if options.epochs else usual)
    recipe = Recipe(minutes, options.epochs, **start.habits() | chosen)
    return Job((), options.output, recipe, start, options.limit, frozenset(options.without))


def evaluate(options: argparse.Namespace, find: Finders) -> str:
    """Evaluate as told; what to tell the user. Raises RecognizerError."""
    from recognizer.evaluation.evaluation import evaluate as run

    bundle = Bundle.load(options.bundle)
    with tempfile.TemporaryDirectory() as folder:
        data = _lines(find.truth(options.data, bundle, Path(folder)), options.split, bundle)
    found = run(
        bundle,
        data.samples,
        options.arithmetic or bundle.arithmetic(),
        options.ignore_case,
        options.ignore_punctuation,
        data.skipped,
        options.decoder == "greedy",
    )
    if options.json:
        _write(options.json, json.dumps(found.as_json(), ensure_ascii=False, indent=1) + "\n")
    if options.html:
        _write(options.html, found.html())
    return found.table()


def lm(options: argparse.Namespace, _: Finders) -> str:
    """Make a language model as told; what to tell the user. Raises RecognizerError."""
    from recognizer.lm.make import Options, make

    chosen = {**vars(options), "texts": tuple(options.texts), "prune": tuple(options.prune)}
    return make(Options(**chosen))


def draw_lines(options: argparse.Namespace, find: Finders) -> str:
    """Draw lines as told; what to tell the user. Raises RecognizerError."""
    from recognizer.draw.command import draw_lines as run

    with tempfile.TemporaryDirectory() as folder:
        writer = _writer(options, find, Path(folder))
    return run(writer, options.texts, options.output, options.lines, options.language)


def _writer(options: argparse.Namespace, find: Finders, folder: Path) -> "Writer":
    if options.fonts:
        from recognizer.draw.in_fonts import InFonts

        return InFonts.of(options.fonts)
    from recognizer.draw.in_hands import InHands

    bundle = Bundle.load(options.bundle)
    return InHands.of(find.truth(options.hands, bundle, folder), bundle, options.without)


def _lines(files: Sequence[Path], split: str | None, bundle: Bundle) -> "LineData":
    """The lines of the split; where nothing is chosen those of test, or all where there is no test."""
    from recognizer.samples import SPLITS, load_lines

    def load(splits: Collection[str]) -> "LineData":
        return load_lines(files, int(bundle.crop["height"]), splits, bundle.text_policy)

    data = load(SPLITS if split == "all" else [split or "test"])
    if split is None and not data.samples:
        print("no line is of the split test: all are evaluated", file=sys.stderr)
        return load(SPLITS)
    return data


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecognizerError(f"{path}: {error.strerror}; name another file") from error


COMMANDS: Final = MappingProxyType(
    {
        "train": (train_parser, train),
        "evaluate": (evaluate_parser, evaluate),
        "lm": (lm_parser, lm),
        "draw-lines": (draw_lines_parser, draw_lines),
    }
)


def run_command(command: str, arguments: Sequence[str], program: str, data: str, find: Finders) -> int:
    """Run one of the commands; returns its exit code. What the user can put right is one line on stderr and 2, or 4
    where what was taught is no better.
    """
    parser, run = COMMANDS[command]
    options = parser(program, data).parse_intermixed_args(arguments)
    try:
        print(run(options, find))
    except RecognizerError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return NOTHING_DONE if isinstance(error, Refused) else USAGE
    return 0


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: must be greater than 0")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be at least 1")
    return value
