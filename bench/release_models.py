"""Make language models shipped ones: python -m bench.release_models LM...

LM are files as `inkbeam lm --output` writes them, named after their languages. They lie in `default`; the other shipped
bundles refer to them. `bench.release` then fits how each bundle decodes with them.
"""

import argparse
from pathlib import Path

from bench.release_lines import HOME, siblings
from recognizer.bundle import MODEL, SHIPPED, Bundle, save_with, share
from recognizer.lm.store import unpack


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.release_models", description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    home = Bundle.load(HOME)
    for path in parser.parse_args().models:
        content = path.read_bytes()
        ngrams = [len(order.keys) for order in unpack(content).orders]
        command = f"inkbeam lm ../shared/data/text/{path.stem}.train.txt.xz ../shared/data/lines --language {path.stem}"
        facts = {"command": f"{command} --order {len(ngrams)} --output {path.name}", "ngrams": ngrams}
        home = save_with(SHIPPED / HOME, home, f"{MODEL}{path.stem}", path.name, content, facts)
        for folder in siblings():
            share(folder, home, f"{MODEL}{path.stem}")
        print(f"{home.folder}: {home.id} with {path.stem}, {len(content) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
