import gzip
import lzma
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recognizer.__main__ import main
from recognizer.bundle import Bundle
from recognizer.lm.automaton import compile_ngrams
from recognizer.lm.fit import fit
from recognizer.lm.store import pack, unpack
from recognizer.lm.text import NARROWEST, WIDEST, NoText, Text, gather
from recognizer.policy import FOLDED

PROSE = [
    "It was a bright cold day in April, and the clocks were striking thirteen; nobody in the street looked up.",
    "Winston Smith, his chin nuzzled into his breast in an effort to escape the vile wind, slipped quickly through.",
]
TRUTH = ["Dear Sir, the papers came", "and I am very much obliged", "to you for the seeds."] * 100


def parquet(path: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    names = ("text", "split", "language")
    pq.write_table(pa.table({name: [row[k] for row in rows] for k, name in enumerate(names)}), path)
    return path


def test_prose_is_broken_into_lines_that_are_the_text_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n\n".join(PROSE * 20), encoding="utf-8")
    lines = gather([path], FOLDED).prose
    assert max(map(len, lines)) <= WIDEST
    assert min(sorted(map(len, lines))[len(lines) // 2 :]) >= NARROWEST - 8
    assert any(line.endswith("-") for line in lines)
    whole = " ".join(lines).replace("- ", "")
    assert whole == " ".join(PROSE * 20)
    assert gather([path], FOLDED).prose == lines


def test_text_is_read_however_it_is_packed(tmp_path: Path) -> None:
    content = PROSE[0].replace("'", "\u2019").encode()
    (tmp_path / "a.txt").write_bytes(content)
    (tmp_path / "b.txt.xz").write_bytes(lzma.compress(content))
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(content))
    (tmp_path / "d.pdf").write_bytes(b"no text")
    assert len({gather([tmp_path / name], FOLDED).prose for name in ("a.txt", "b.txt.xz", "c.txt.gz")}) == 1
    assert "".join(gather([tmp_path], FOLDED).prose).count("bright") == 3


def test_of_truth_the_lines_of_training_in_the_language_count(tmp_path: Path) -> None:
    rows = [("oui", "train", "fra"), ("non", "test", "fra"), ("yes", "train", "eng")]
    path = parquet(tmp_path / "lines.parquet", rows)
    assert gather([path], FOLDED).truth == ("oui", "yes")
    assert gather([path], FOLDED, "fra") == Text((), ("oui",))
    with pytest.raises(NoText, match="no text there"):
        gather([path], FOLDED, "deu")


@pytest.mark.parametrize(("name", "content"), [("a.txt", b"\xff\xfe\xfa"), ("a.txt.xz", b"x"), ("a.parquet", b"x")])
def test_what_is_no_text_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NoText, match=name):
        gather([tmp_path / name], FOLDED)


def test_truth_counts_more_where_it_is_what_will_be_read() -> None:
    prose = tuple(PROSE * 100)
    alike, other = fit(Text(prose, tuple(TRUTH)), 4, (0,)), fit(Text(prose, prose[:300]), 4, (0,))
    assert alike.weight > 1
    assert other.weight <= alike.weight


def test_a_model_knows_what_text_of_its_kind_costs() -> None:
    alone, other = fit(Text(tuple(PROSE * 200), ()), 4, (0,)).ngrams, fit(Text(tuple(TRUTH), ()), 4, (0,)).ngrams
    assert alone.held_out_bits is not None
    assert alone.held_out_bits == pytest.approx(compile_ngrams(alone).bits_a_character(PROSE), rel=0.1)
    assert unpack(pack(alone)).held_out_bits == alone.held_out_bits
    assert compile_ngrams(alone).held_out_bits == alone.held_out_bits
    assert other.held_out_bits is not None
    assert fit(Text(tuple(PROSE), ()), 3, (0,)).ngrams.held_out_bits is None


def test_rare_characters_are_none_of_the_model() -> None:
    ngrams = fit(Text((), ("abc", "ab\u2603") * 10), 2, (0,)).ngrams
    assert "\u2603" in ngrams.symbols.characters
    ngrams = fit(Text((), ("abc",) * 10 + ("ab\u2603",)), 2, (0,)).ngrams
    assert ngrams.symbols.characters == ("a", "b", "c")
    model = compile_ngrams(ngrams)
    assert model.score("\u2603") < model.score("a")


def test_the_command_writes_a_file_a_bundle_and_arpa(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("\n".join(PROSE * 5), encoding="utf-8")
    truth = parquet(tmp_path / "truth.parquet", [(line, "train", "eng") for line in TRUTH])
    texts = [str(tmp_path / "a.txt"), str(truth)]
    assert main(["lm", *texts, "--output", str(tmp_path / "eng.lm"), "--order", "4"]) == 0
    assert "bits a character of text held out" in capsys.readouterr().out
    written = unpack((tmp_path / "eng.lm").read_bytes())
    assert main(["lm", *texts, "--output", str(tmp_path / "eng.arpa"), "--order", "4"]) == 0
    assert main(["lm", str(tmp_path / "eng.arpa"), "--output", str(tmp_path / "again.lm")]) == 0
    again = unpack((tmp_path / "again.lm").read_bytes())
    scores = [compile_ngrams(ngrams).score("Dear Sir") for ngrams in (written, again)]
    assert scores[0] == pytest.approx(scores[1], abs=0.01)
    into = ["--from", "default", "--language", "eng", "--output", str(tmp_path / "bundle")]
    assert main(["lm", *texts, *into, "--order", "3"]) == 0
    bundle = Bundle.load(tmp_path / "bundle")
    assert len(unpack(bundle.part("lm/eng")).orders) == 3
    assert bundle.part("reader") == Bundle.load("default").part("reader")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.txt", "--from", "default", "--output", "b"], "give --language too"),
        (["a.txt", "--order", "30", "--output", "b.lm"], "see --order and --prune"),
        (["a.txt", "--prune", "2", "1", "--output", "b.lm"], "fall with the order"),
        (["a.txt", "--output", "a.txt/b.lm"], "name another file"),
        (["a.doc", "--output", "b.lm"], "give plain text"),
    ],
)
def test_wrong_use_is_told(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("\n".join(PROSE * 5), encoding="utf-8")
    assert main(["lm", *arguments]) == 2
    assert message in capsys.readouterr().err
