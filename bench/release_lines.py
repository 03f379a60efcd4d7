"""Make a trained line finder the shipped one: python -m bench.release_lines BUNDLE PAGES LAYOUT [--unseen BUNDLE].

What int8 needs is measured on LAYOUT, the Parquet of pages that it learned from. Its figures on PAGES go into the model
card, and beside them the price of collections never seen: the figures, on the pages of its left-out data sets, of a
bundle that was trained `--without` them. The finder lies in `default`; the other shipped bundles refer to it.
"""

import argparse
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from pipeline.bundles import line_finder
from pipeline.evaluate import figures, judge
from pipeline.finder import measure
from pipeline.pairing import Tally
from pipeline.truth import true_pages
from recognizer.bundle import LINES, MANIFEST, RANGES, SHIPPED, Bundle, save_with, share, with_card
from segmentation import Segmentation
from segmentation.train.pages import load_pages

HOME: Final = "default"
FILE: Final = "lines.onnx"
RATES: Final = ("precision", "recall", "f1", "tau", "skew_error", "pages")


def siblings() -> list[Path]:
    """The folders of the shipped bundles beside `default`."""
    return sorted(path.parent for path in SHIPPED.glob(f"*/{MANIFEST}") if path.parent.name != HOME)


def judged(bundle: Bundle, pages: Path, only: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Figures of a bundle's finder on all pages, or only on those of some data sets."""
    finder = line_finder(bundle, bundle.arithmetic())
    chosen = (page for page in true_pages([pages], Tally()) if not only or page.facts.dataset in only)
    found = figures([judge(page, Segmentation(), finder, None)[1] for page in tqdm(chosen)])
    return {"all": _rounded(found["all"])} | {
        kind: {name: _rounded(of) for name, of in found[kind].items()} for kind in ("script", "dataset")
    }


def _rounded(of: dict[str, Any]) -> dict[str, Any]:
    return {name: round(of[name], 4) for name in RATES if of[name] is not None}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.release_lines", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("pages", type=Path)
    parser.add_argument("layout", type=Path)
    parser.add_argument("--unseen", type=Path)
    options = parser.parse_args()
    bundle = Bundle.load(options.bundle)
    facts = dict(bundle.card[LINES])
    home = save_with(SHIPPED / HOME, Bundle.load(HOME), LINES, FILE, bundle.part(LINES), facts)
    home = measure(home, load_pages([options.layout]))
    facts["figures"] = judged(home, options.pages)
    if options.unseen:
        other = Bundle.load(options.unseen)
        left_out = other.card[LINES]["without"]
        facts["unseen"] = {"without": left_out, **judged(other, options.pages, frozenset(left_out))}
    home = with_card(home, {**home.card, LINES: facts})
    print(f"{home.folder}: {home.id}, F1 {facts['figures']['all']['f1']:.3f}")
    for folder in siblings():
        share(folder, home, LINES)
        print(f"{folder.name}: {share(folder, home, RANGES + LINES).id}")


if __name__ == "__main__":
    main()
