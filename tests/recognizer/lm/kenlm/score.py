"""Let KenLM score lines: python tests/recognizer/lm/kenlm/score.py (needs `pip install kenlm`, 0.3.0 here).

Reads model.arpa beside this file and the lines of scores.json; writes the scores, logarithms to the base of 10 with the
end of the line, back into scores.json. `python -m tests.recognizer.lm.test_kenlm` writes the ARPA file and the lines.
"""

import json
from pathlib import Path

import kenlm  # type: ignore[import-not-found]

HERE = Path(__file__).parent


def tokens(text: str) -> str:
    """The line as KenLM reads it: characters between blanks, the space by its code."""
    return " ".join("U+0020" if character == " " else character for character in text)


def main() -> None:
    model = kenlm.Model(str(HERE / "model.arpa"))
    lines = json.loads((HERE / "scores.json").read_text(encoding="utf-8"))
    scores = {text: model.score(tokens(text), bos=True, eos=True) for text in lines}
    (HERE / "scores.json").write_text(json.dumps(scores, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
