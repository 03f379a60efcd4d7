"""Make the samples again, byte for byte: python -m samples.make --fonts FOLDER [--output FOLDER] [FILE ...]."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from PIL import features

from samples import letters, prints, register
from samples.fonts import FontError, Fonts, npm_command
from samples.sheets import Sample
from samples.truth import page_xml

RECIPES: Mapping[str, Callable[[Fonts], Sample]] = MappingProxyType(
    {
        "leaf-german.png": prints.leaf_german,
        "letter-bleed.jp2": letters.letter_bleed,
        "letter-english.pdf": letters.letter_english,
        "letter-french.jpg": letters.letter_french,
        "letter-german.png": letters.letter_german,
        "print-english.tif": prints.print_english,
        "print-french.pdf": prints.print_french,
        "print-german.png": prints.print_german,
        "register-french.webp": register.register_french,
        "typescript-english.tif": letters.typescript_english,
        "typescript-french.jpg": letters.typescript_french,
        "vector-english.pdf": prints.vector_english,
    }
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the samples named, or all; returns 0, or 1 where the fonts or a library are not as needed."""
    options = _parser().parse_args(arguments)
    if not features.check("raqm"):
        print("Pillow cannot shape text: install libfribidi (Debian: apt-get install libfribidi0)", file=sys.stderr)
        return 1
    try:
        for name in options.files or RECIPES:
            _write(RECIPES[name](Fonts(options.fonts)), options.output)
    except FontError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(prog="python -m samples.make", epilog=f"Fonts: {npm_command(Path('FOLDER'))}")
    parser.add_argument("--fonts", type=Path, required=True, help="the folder that npm installed the fonts into")
    parser.add_argument("--output", type=Path, default=here, help="where to write (default: this folder)")
    parser.add_argument("files", nargs="*", choices=[*RECIPES, []], metavar="FILE", help="samples (default: all)")
    return parser


def _write(sample: Sample, folder: Path) -> None:
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    (folder / sample.file).write_bytes(sample.content)
    stem = Path(sample.file).stem
    for number, page in enumerate(sample.pages, 1):
        (folder / "truth" / f"{stem}-{number}.xml").write_bytes(page_xml(page, sample.file, number))


if __name__ == "__main__":
    sys.exit(main())
