import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from recognizer.alphabet import Alphabet
from recognizer.bundle import DEFAULT_CROP, MANIFEST, READER, Bundle, BundleError, save, save_with, share
from recognizer.policy import FOLDED, TextPolicy

ALPHABET = Alphabet(' "\\aé')
WEIGHTS = {"layer.weight": torch.arange(6.0).reshape(2, 3) / 8, "layer.count": torch.tensor(7)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path / "mine", "small", ALPHABET, WEIGHTS, {"name": "Probe", "val_cer": 0.1})
    return tmp_path / "mine"


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_what_was_saved_is_loaded(folder: Path) -> None:
    bundle = Bundle.load(folder)
    assert (bundle.folder, bundle.architecture, bundle.text_policy) == (folder, "small", FOLDED)
    assert bundle.alphabet.symbols == ALPHABET.symbols
    assert bundle.crop == DEFAULT_CROP
    assert bundle.card == {"name": "Probe", "val_cer": 0.1}
    weights = bundle.weights()
    assert weights["layer.weight"].dtype == torch.float16
    assert torch.equal(weights["layer.weight"].float(), WEIGHTS["layer.weight"])
    assert weights["layer.count"].item() == 7


def test_the_same_weights_give_the_same_bytes_and_id(folder: Path, tmp_path: Path) -> None:
    again = save(tmp_path / "again", "small", ALPHABET, WEIGHTS, {"name": "Probe", "val_cer": 0.1})
    assert again.id == Bundle.load(folder).id
    assert again.part(READER) == Bundle.load(folder).part(READER)
    assert len(again.id) == 16


def test_another_card_is_another_bundle(folder: Path) -> None:
    before = Bundle.load(folder).id
    changed(folder, lambda manifest: manifest["card"].update(name="Other"))
    assert Bundle.load(folder).id != before


def test_saving_over_a_bundle_leaves_no_other_files(folder: Path) -> None:
    save(folder, "small", ALPHABET, WEIGHTS, {})
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, "reader.pt"]


def test_a_shipped_bundle_is_found_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recognizer.bundle.SHIPPED", folder.parent)
    assert Bundle.load("mine").folder == folder
    with pytest.raises(BundleError, match=r"no bundle 'other'.*bundle\.json.*\(mine\)"):
        Bundle.load("other")


def test_a_folder_without_manifest_is_no_bundle(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    with pytest.raises(BundleError, match=r"no bundle .*mine.*: give a folder that has a bundle\.json"):
        Bundle.load(folder)


def test_a_newer_format_asks_for_an_update(folder: Path) -> None:
    changed(folder, lambda manifest: manifest.update(format=2))
    with pytest.raises(BundleError, match=r"mine/bundle\.json: format 2, this Inkbeam reads 1; update Inkbeam"):
        Bundle.load(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b'"x"', b"null", b"\xff\xfe", b"{}", b'{"format": 1}'])
def test_a_damaged_manifest_is_named(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError, match=r"mine/bundle\.json: .*copy the bundle again"):
        Bundle.load(folder)


@pytest.mark.parametrize(
    "wrong",
    [
        {"alphabet": "aa"},
        {"alphabet": 3},
        {"parts": ["reader.pt"]},
        {"parts": {"reader": "reader.pt"}},
        {"parts": {"reader": {"file": "reader.pt"}}},
        {"parts": {"reader": {"file": 3, "sha256": ""}}},
        {"crop": 80},
        {"card": None},
        {"architecture": None},
    ],
)
def test_wrong_entries_are_named(folder: Path, wrong: dict[str, Any]) -> None:
    changed(folder, lambda manifest: manifest.update(wrong))
    with pytest.raises(BundleError, match=r"mine/bundle\.json: .*copy the bundle again"):
        Bundle.load(folder)


def test_a_missing_part_is_named(folder: Path) -> None:
    (folder / "reader.pt").unlink()
    with pytest.raises(BundleError, match=r"mine/reader\.pt: No such file.*copy the bundle again"):
        Bundle.load(folder).weights()


def test_a_part_the_bundle_does_not_have_is_named(folder: Path) -> None:
    with pytest.raises(BundleError, match=r"mine/bundle\.json: no part 'lm/eng', only reader"):
        Bundle.load(folder).part("lm/eng")


def test_a_changed_part_is_named(folder: Path) -> None:
    path = folder / "reader.pt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"mine/reader\.pt: .*not what bundle\.json promises; copy the bundle again"):
        Bundle.load(folder).weights()


def with_reader(folder: Path, content: bytes, file: str = "reader.pt") -> None:
    """Put other content in the reader's place, with its right hash."""
    (folder / file).write_bytes(content)
    part = {"file": file, "sha256": hashlib.sha256(content).hexdigest()}
    changed(folder, lambda manifest: manifest["parts"].update(reader=part))


@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04 nor these"])
def test_a_reader_that_holds_no_weights_is_named(folder: Path, content: bytes) -> None:
    with_reader(folder, content)
    with pytest.raises(BundleError, match=r"mine/reader\.pt: not weights of a reader; copy the bundle again"):
        Bundle.load(folder).weights()


def test_code_in_a_reader_is_not_run(folder: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    with_reader(folder, b"cpathlib\nPath.touch\n(cpathlib\nPath\n(V" + str(witness).encode() + b"\ntRtR.")
    with pytest.raises(BundleError, match="not weights of a reader"):
        Bundle.load(folder).weights()
    assert not witness.exists()


def test_a_part_may_lie_in_a_sibling_bundle_or_a_folder_of_its_own(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "other")
    (folder / "lm").mkdir()
    with_reader(folder, b"deep", "lm/eng")
    assert Bundle.load(folder).part(READER) == b"deep"
    with_reader(folder, b"beside", "../other/reader.pt")
    assert Bundle.load(folder).part(READER) == b"beside"


@pytest.mark.parametrize(
    "file",
    ["/etc/hostname", "../secret", "../../other/reader.pt", "../other/../../x/y", "lm/../../x", "..", "", ".", "a\0b"],
)
def test_parts_outside_the_bundles_are_refused(folder: Path, file: str) -> None:
    changed(folder, lambda manifest: manifest["parts"]["reader"].update(file=file))
    with pytest.raises(BundleError, match=r"mine/bundle\.json: part 'reader' lies outside the bundles"):
        Bundle.load(folder).part(READER)


def test_parts_that_were_not_trained_are_copied(folder: Path, tmp_path: Path) -> None:
    (folder / "eng.lm").write_bytes(b"counts")
    part = {"file": "eng.lm", "sha256": hashlib.sha256(b"counts").hexdigest()}
    changed(folder, lambda manifest: manifest["parts"].update({"lm/eng": part}))
    before = Bundle.load(folder)
    after = save(tmp_path / "after", "small", ALPHABET, {"other": torch.zeros(1)}, {}, others=before)
    assert after.part("lm/eng") == b"counts"
    assert after.part(READER) != before.part(READER)
    (folder / "eng.lm").write_bytes(b"other")
    with pytest.raises(BundleError, match="copy the bundle again"):
        save(tmp_path / "again", "small", ALPHABET, WEIGHTS, {}, others=before)


def test_a_policy_of_ones_own_is_kept(tmp_path: Path) -> None:
    own = TextPolicy("ours", {"ꝑ": "per"})
    save(tmp_path / "own", "small", ALPHABET, WEIGHTS, {}, own)
    assert Bundle.load(tmp_path / "own").text_policy("ꝑ") == "per"


@pytest.mark.parametrize("policy", ["huge", 3, {"name": "x"}, {"name": "x", "replacements": 3}])
def test_an_unknown_policy_is_refused(folder: Path, policy: object) -> None:
    changed(folder, lambda manifest: manifest.update(text_policy=policy))
    with pytest.raises(BundleError, match=r"bundle\.json"):
        Bundle.load(folder)


def test_a_part_is_shared_with_the_bundle_beside_it_and_stays_where_it_is(tmp_path: Path) -> None:
    default = Bundle.load("default")
    home = save_with(tmp_path / "home", default, "lines", "lines.onnx", b"finder", {"pages": 3})
    save_with(tmp_path / "other", default, "lines", "lines.onnx", b"old", {})
    shared = share(tmp_path / "other", home, "lines")
    assert shared.part("lines") == b"finder"
    assert shared.path("lines").resolve() == (tmp_path / "home" / "lines.onnx").resolve()
    again = save_with(tmp_path / "other", shared, "lm/fra", "fra.lm", b"model", {})
    assert again.parts["lines"] == shared.parts["lines"]
    moved = save_with(tmp_path / "away", again, "lm/fra", "fra.lm", b"model", {})
    assert moved.path("lines") == tmp_path / "away" / "lines.onnx"
