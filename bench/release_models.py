"""Make language models shipped ones: python -m bench.release_models TEXT LM...

LM are files as `inkbeam lm --output` writes them, named after their languages; TEXT is a folder with
LANG.heldout.txt.xz, prose that no model knows. The models lie in `default`; the other shipped bundles refer to them.
`bench.release` then fits how each bundle decodes with them.
"""

import argparse
from pathlib import Path
from typing import Any

from bench.release_lines import HOME, siblings
from recognizer.bundle import MODEL, SHIPPED, Bundle, save_with, share
from recognizer.lm.automaton import compile_ngrams
from recognizer.lm.store import unpack
from recognizer.lm.text import gather
from recognizer.policy import FOLDED


def judged(content: bytes, language: str, text: Path) -> dict[str, Any]:
    """Facts for the card: the command, n-grams of each length, bits a character of text that was held out."""
    ngrams = unpack(content)
    sizes = [len(order.keys) for order in ngrams.orders]
    command = f"inkbeam lm {text / language}.train.txt.xz ../shared/data/lines --language {language}"
    prose = gather([text / f"{language}.heldout.txt.xz"], FOLDED).within(ngrams.symbols.characters).prose
    return {
        "command": f"{command} --order {len(sizes)} --output {language}.lm",
        "ngrams": sizes,
        "bits of truth held out": ngrams.held_out_bits,
        "bits of prose held out": compile_ngrams(ngrams).bits_a_character(prose),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.release_models", description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("models", nargs="+", type=Path)
    options = parser.parse_args()
    home = Bundle.load(HOME)
    for path in options.models:
        content = path.read_bytes()
        facts = judged(content, path.stem, options.text)
        home = save_with(SHIPPED / HOME, home, f"{MODEL}{path.stem}", path.name, content, facts)
        for folder in siblings():
            share(folder, home, f"{MODEL}{path.stem}")
        print(f"{home.folder}: {home.id} with {path.stem}, {len(content) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
