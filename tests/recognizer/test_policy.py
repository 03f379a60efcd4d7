import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.policy import FOLDED, FOLDS, PolicyError, TextPolicy

DIPLOMATIC = TextPolicy.named("diplomatic")
FOLDING = st.sampled_from([*FOLDS, "\u0301", "\u0307", "\u1e9b", "\u1fef"])
TRICKY = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), FOLDING))


@given(TRICKY, st.sampled_from([FOLDED, DIPLOMATIC]))
def test_a_policy_twice_changes_nothing_more(text: str, policy: TextPolicy) -> None:
    once = policy(text)
    assert policy(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == " ".join(once.split())


@given(TRICKY)
def test_nothing_that_is_folded_is_left(text: str) -> None:
    assert not set(FOLDED(text)) & set(FOLDS)


@pytest.mark.parametrize(
    ("written", "taught"),
    [
        ("cafe\u0301", "caf\u00e9"),
        ("  a\t\u00a0b\u2003\nc ", "a b c"),
        ("Haſe Waſſer", "Hase Wasser"),
        ("\u1e9b", "\u1e61"),
        ("l’homme ‘a’ ‚b‘", "l'homme 'a' 'b'"),
        ("“a” „b“ « c »", '"a" "b" « c »'),
        ("1914–1918 — fin¬ …", "1914-1918 - fin- ..."),
        ("M^r 2^e", "Mr 2e"),
        ("Wort\u00adteil \ufeffx\u200by", "Wortteil xy"),
        ("e^\u0301", "\u00e9"),
        ("^ ^", ""),
        ("", ""),
    ],
)
def test_folded(written: str, taught: str) -> None:
    assert FOLDED(written) == taught


def test_diplomatic_keeps_what_the_transcriber_wrote() -> None:
    assert DIPLOMATIC(" Haſe’  “cafe\u0301” ") == "Haſe’ “caf\u00e9”"


def table(folder: Path, text: str) -> str:
    path = folder / "of the house.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_table_replaces_the_longest_first(tmp_path: Path) -> None:
    policy = TextPolicy.named(table(tmp_path, "# ours\n\nꝑ\tper\nss\tß\ns\tz\né\tE\n#\t\n†\t\n"))
    assert policy.name == "of the house"
    assert policy("ꝑs esst cafe\u0301†") == "perz eßt cafE"


def test_a_policy_goes_through_the_manifest(tmp_path: Path) -> None:
    own = TextPolicy.named(table(tmp_path, "ꝑ\tper\n"))
    assert [policy.manifest() for policy in (FOLDED, DIPLOMATIC)] == ["folded", "diplomatic"]
    for policy in (FOLDED, DIPLOMATIC, own):
        again = TextPolicy.from_manifest(policy.manifest())
        assert (again.name, again("ꝑ ſ")) == (policy.name, policy("ꝑ ſ"))


@pytest.mark.parametrize("entry", ["huge", {"name": "x"}, 3, {"name": "x", "replacements": "ab"}])
def test_a_manifest_with_another_policy_is_refused(entry: object) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        TextPolicy.from_manifest(entry)


@pytest.mark.parametrize("line", ["no tab", "\tnothing before", "a\tb\tc"])
def test_a_line_that_is_no_replacement_is_named(line: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"of the house\.txt:2: .* is not a text, a tab and what it becomes"):
        TextPolicy.named(table(tmp_path, f"a\tb\n{line}\n"))


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="give folded, diplomatic, or a UTF-8 table"):
        TextPolicy.named(str(tmp_path / "gone"))
    (tmp_path / "latin").write_bytes(b"\xe9\ta\n")
    with pytest.raises(PolicyError, match="latin"):
        TextPolicy.named(str(tmp_path / "latin"))
