import builtins
import errno
import hashlib
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import files
from pipeline.failures import NothingDone, UsageError
from pipeline.sources import Listing, display, document_id, find, hash_file
from pipeline.stores.store import Client, Found, Store

PNG = b"\x89PNG\r\n\x1a\n and so on"
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=60)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*names: str, content: bytes = PNG) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def paths(listing: Listing) -> list[list[str]]:
    """Paths of each document's files, relative to the current folder."""
    return [[os.path.relpath(file.path) for file in origin.files] for origin in listing.origins]


def found(*inputs: str, exclude: Sequence[str] = ()) -> list[str]:
    return [file for files in paths(find(inputs, "file", exclude)) for file in files]


class TestFiles:
    def test_a_file_with_size_and_time(self, here: Path) -> None:
        put("a.png")
        os.utime("a.png", ns=(5, 1_234_567_891))
        (origin,) = find(["a.png"], "file").origins
        (file,) = origin.files
        assert (file.path, file.size, file.modified) == (str(here / "a.png"), len(PNG), 1_234_567_891)
        assert origin.name == str(here / "a.png")
        assert origin.document_id == document_id("a.png")

    def test_what_is_named_is_taken_whatever_it_is(self) -> None:
        put("notes.txt", ".hidden", content=b"text")
        listing = find([".", "notes.txt", ".hidden"], "file")
        assert paths(listing) == [[".hidden"], ["notes.txt"]]
        assert listing.left_out == 0

    def test_the_same_file_twice_is_one(self) -> None:
        put("scans/a.png")
        assert found("scans", "scans/a.png", "scans/../scans/a.png", "scans/*.png") == ["scans/a.png"]

    def test_equal_bytes_under_two_names_are_two(self) -> None:
        put("a.png")
        Path("b.png").symlink_to("a.png")
        assert found(".") == ["a.png", "b.png"]

    @pytest.mark.parametrize("name", ["none.png", "", "a.png/b", "none/"])
    def test_missing_ones_are_named(self, name: str) -> None:
        put("a.png")
        with pytest.raises(UsageError, match=f"^{name or '.nothing.'}: .*; check this input"):
            find(["a.png", name], "file")

    def test_a_pipe_is_not_opened(self) -> None:
        os.mkfifo("pipe.png")
        with pytest.raises(UsageError, match="neither a file nor a folder"):
            find(["pipe.png"], "file")
        put("a.png")
        assert find(["."], "file").left_out == 1


class TestFolders:
    def test_any_depth_and_no_hidden_ones(self) -> None:
        put("a.png", "in/b.PDF", "in/deep/er/c.JPeg", ".d.png", ".in/e.png", "in/.f/g.png")
        assert found(".") == ["a.png", "in/b.PDF", "in/deep/er/c.JPeg"]

    def test_hidden_ones_when_named(self) -> None:
        put(".in/e.png")
        assert found(".in") == [".in/e.png"]

    def test_content_decides_where_the_extension_is_unknown(self) -> None:
        put("scan", "scan.dat")
        put("page.xml", "Thumbs.db", "empty", content=b"")
        put("wrong.tif", content=b"text")
        listing = find(["."], "file")
        assert paths(listing) == [["scan"], ["scan.dat"], ["wrong.tif"]]
        assert listing.left_out == 3

    def test_left_out_is_counted_once(self) -> None:
        put("in/a.png")
        put("in/a.xml", content=b"<a/>")
        assert find(["in", ".", "*"], "file").left_out == 1

    def test_20_000_files_are_listed_unopened(self, monkeypatch: pytest.MonkeyPatch) -> None:
        put(*(f"0/{number}.tif" for number in range(200)))
        for folder in range(1, 100):
            Path(f"{folder}").symlink_to("0")
        opened: list[object] = []

        def count(*arguments: object, **_: object) -> None:
            opened.append(arguments[0])

        for module in (builtins, io, os):
            monkeypatch.setattr(module, "open", count)
        listing = find(["."], "file")
        monkeypatch.undo()
        assert len(listing.origins) == 20_000
        assert opened == []

    def test_no_document_says_what_was_looked_for(self) -> None:
        put("in/a.xml", "in/b.xml", content=b"<a/>")
        with pytest.raises(NothingDone, match=r"no document in in: looked for PDFs and images.*; 2 other files"):
            find(["in"], "file")

    def test_order_is_natural(self) -> None:
        names = [
            "1/10.png",
            "1/page 2.png",
            "1/page 10.png",
            "2/1.png",
            "10/1.png",
            "B.png",
            "a.png",
            "c01.png",
            "c1.png",
        ]
        put(*names)
        expected = ["1/10.png", "1/page 2.png", "1/page 10.png", "2/1.png", "10/1.png"]
        assert found(".") == [*expected, "a.png", "B.png", "c01.png", "c1.png"]
        assert found(*reversed(names)) == found(".")


class TestExclude:
    def test_the_output_is_never_entered(self) -> None:
        put("a.png", "out/b.png", "outer/c.png")
        Path("link").symlink_to("out")
        assert found(".", exclude=[os.path.abspath("out")]) == ["a.png", "outer/c.png"]

    def test_it_need_not_exist(self) -> None:
        put("a.png")
        assert found(".", exclude=[os.path.abspath("out")]) == ["a.png"]


class TestLinks:
    def test_loops_end(self) -> None:
        put("in/a.png", "other/b.png")
        Path("in/loop").symlink_to(".")
        Path("in/up").symlink_to("..")
        Path("in/self").symlink_to("self")
        Path("other/in").symlink_to("../in")
        assert found("in") == ["in/a.png", "in/up/other/b.png"]
        assert "other/in/a.png" in found(".")

    def test_a_folder_beside_its_link_is_searched_twice(self) -> None:
        put("in/a.png")
        Path("link").symlink_to("in")
        assert found(".") == ["in/a.png", "link/a.png"]

    def test_patterns_end_too(self) -> None:
        put("in/a.png")
        Path("in/one").symlink_to("../in")
        Path("in/two").symlink_to("../in")
        assert found("**/a.png") == ["in/a.png"]

    def test_dangling_ones_are_told(self, here: Path) -> None:
        put("a.png")
        Path("b.png").symlink_to("nowhere")
        listing = find(["."], "file")
        assert paths(listing) == [["a.png"]]
        assert listing.unreadable == (str(here / "b.png"),)


class TestUnreadable:
    def test_a_folder_that_cannot_be_listed(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        put("a.png", "closed/b.png")
        scandir = os.scandir

        def deny(folder: str) -> Any:
            if folder.endswith("closed"):
                raise PermissionError(13, "Permission denied")
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", deny)
        listing = find(["."], "file")
        assert paths(listing) == [["a.png"]]
        assert listing.unreadable == (str(here / "closed"),)
        with pytest.raises(NothingDone, match="and 1 could not be read"):
            find(["closed"], "file")

    def test_a_file_that_cannot_be_opened(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        put("a.png", "unknown")

        def deny(path: Path, mode: str) -> Any:
            raise PermissionError(13, "Permission denied", str(path), mode)

        monkeypatch.setattr(Path, "open", deny)
        assert find(["."], "file").unreadable == (str(here / "unknown"),)

    def test_a_file_that_vanishes_while_it_is_listed(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        put("a.png", "b.png")
        scandir = os.scandir

        class Vanishing:
            def __enter__(self) -> list[Any]:
                with scandir(here) as entries:
                    listed = list(entries)
                Path("b.png").unlink()
                return listed

            def __exit__(self, *_: object) -> None: ...

        monkeypatch.setattr(os, "scandir", lambda _: Vanishing())
        listing = find(["."], "file")
        assert paths(listing) == [["a.png"]]
        assert listing.unreadable == (str(here / "b.png"),)


class TestGlobs:
    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("*.png", ["1.png"]),
            ("?.png", ["1.png"]),
            ("in/[!2].png", ["in/1.png"]),
            ("**/*.png", ["1.png", "in/1.png", "in/2.png", "in/deep/1.png"]),
            ("in/**/1.png", ["in/1.png", "in/deep/1.png"]),
            ("./in//../in/2*", ["in/2.png"]),
            ("i*", ["in/1.png", "in/2.png", "in/deep/1.png"]),
            ("*/deep", ["in/deep/1.png"]),
            ("**", ["1.png", "in/1.png", "in/2.png", "in/deep/1.png"]),
        ],
    )
    def test_matches(self, pattern: str, expected: list[str]) -> None:
        put("1.png", "in/1.png", "in/2.png", "in/deep/1.png", ".no/1.png", "in/.1.png")
        assert found(pattern) == expected
        assert found(f"{Path.cwd()}/{pattern}") == expected

    def test_an_existing_name_is_no_pattern(self) -> None:
        put("br[1].pdf", "br1.pdf", "odd[ab]/1.png", "odda/1.png", "*")
        assert found("br[1].pdf") == ["br[1].pdf"]
        assert found("br[12].pdf") == ["br1.pdf"]
        assert found("odd[ab]/*.png") == ["odd[ab]/1.png"]
        assert found("*") == ["*"]

    def test_other_files_are_left_out(self) -> None:
        put("a.png")
        put("a.xml", content=b"<a/>")
        listing = find(["a.*"], "file")
        assert paths(listing) == [["a.png"]]
        assert listing.left_out == 1

    @pytest.mark.parametrize("pattern", ["*.pdf", "none/*.png", "**/b.png", "a.png/*"])
    def test_without_a_match(self, pattern: str) -> None:
        put("a.png", "in/a.png")
        with pytest.raises(UsageError, match=f"^{re.escape(pattern)}: matches no file"):
            find(["a.png", pattern], "file")

    def test_only_folders_that_may_lead_to_a_match_are_entered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        put("a/x/1.png", "b/x/1.png", "a/y/1.png")
        entered: list[str] = []
        scandir = os.scandir

        def enter(folder: str) -> Any:
            entered.append(os.path.relpath(folder))
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", enter)
        assert found("a*/x/*.png") == ["a/x/1.png"]
        assert entered == [".", "a", "a/x"]


class TestFolderDocuments:
    def test_one_document_a_folder(self, here: Path) -> None:
        put("b/10.png", "b/2.png", "b/cover.pdf", "b/inner/1.png", "a/1.tif")
        put("b/notes.txt", content=b"text")
        listing = find(["."], "folder")
        assert paths(listing) == [["a/1.tif"], ["b/2.png", "b/10.png", "b/cover.pdf"], ["b/inner/1.png"]]
        assert [origin.name for origin in listing.origins] == [str(here / name) for name in ("a", "b", "b/inner")]
        assert listing.origins[1].document_id == document_id("b")

    def test_an_added_page_keeps_the_id(self) -> None:
        put("a/1.png")
        before = find(["a"], "folder").origins[0].document_id
        put("a/2.png")
        assert [origin.document_id for origin in find(["a/1.png", "a/2.png"], "folder").origins] == [before]


class TestNames:
    @pytest.mark.parametrize(
        "name", ["a b.png", "a\nb.png", "a[1].png", "é.png", "e\u0301.png", "信.png", "-a.png", "%20.png"]
    )
    def test_odd_names(self, name: str, here: Path) -> None:
        put(name)
        (by_name,), (by_folder,) = find([name], "file").origins, find(["."], "file").origins
        assert by_name == by_folder
        assert by_name.name == f"{here}/{name}"

    def test_names_that_are_not_utf8(self, here: Path) -> None:
        raw = os.fsencode(here) + b"/caf\xe9 \xff.png"
        Path(os.fsdecode(raw)).write_bytes(PNG)
        (origin,) = find(["."], "file").origins
        assert origin.name == f"{here}/caf%E9 %FF.png"
        assert os.fsencode(origin.files[0].path) == raw
        assert origin.document_id == f"caf-{hashlib.sha256(raw).hexdigest()[:8]}"
        assert hash_file(origin.files[0].path) == hashlib.sha256(PNG).hexdigest()

    @given(st.binary())
    def test_display_is_text_and_keeps_what_is_text(self, raw: bytes) -> None:
        shown = display(os.fsdecode(raw))
        assert shown.encode("utf-8").decode("utf-8") == shown
        assert display(shown) == shown

    @given(st.text(st.characters(codec="utf-8")))
    def test_display_keeps_unicode(self, name: str) -> None:
        assert display(name) == name


class TestDocumentIds:
    @pytest.mark.parametrize(
        ("path", "slug"),
        [
            ("/scans/Brief an Müller, 3. Mai.PDF", "brief-an-muller-3-mai"),
            ("/scans/Straße.tiff", "strasse"),
            ("/scans/信.png", "document"),
            ("/scans/1890.05", "1890-05"),
            ("/" + "x y" * 40 + ".png", "x-yx-yx-yx-yx-yx-yx-yx-yx-yx-yx-yx-yx-yx"),
            ("/", "document"),
        ],
    )
    def test_known_slugs(self, path: str, slug: str) -> None:
        assert document_id(path) == f"{slug}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"

    @given(NAMES)
    def test_form(self, name: str) -> None:
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?-[0-9a-f]{8}", document_id(f"/{name}"))

    def test_the_path_counts_not_how_it_is_written(self, here: Path) -> None:
        assert document_id("in/../a.png") == document_id(str(here / "a.png"))
        assert document_id("a.png") != document_id("b/a.png")

    def test_links_are_not_resolved(self) -> None:
        put("a/1.png")
        Path("b").symlink_to("a")
        assert document_id("b/1.png") != document_id("a/1.png")

    def test_the_same_id_by_chance_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pipeline.sources.ID_DIGITS", 0)
        put("a/1.png", "b/1.png")
        with pytest.raises(UsageError, match=r"b/1\.png and .*a/1\.png happen to get one document id; rename"):
            find(["."], "file")


def test_hash_of_many_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.files.PIECE_BYTES", 7)
    put("a.png", content=bytes(range(256)))
    assert hash_file("a.png") == hashlib.sha256(bytes(range(256))).hexdigest()
    with pytest.raises(OSError, match="none"):
        hash_file("none")


class Objects:
    """A store in memory, of pages of two objects."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def stat(self, bucket: str, name: str) -> Found:
        return Found(name, len(self._content(bucket, name)), 1.5)

    def page(self, bucket: str, prefix: str, token: str | None) -> tuple[list[Found], str | None]:
        names = sorted(url.removeprefix(f"gs://{bucket}/") for url in self.objects)
        left = [name for name in names if name.startswith(prefix) and name > (token or "")]
        return [self.stat(bucket, name) for name in left[:2]], left[1] if left[2:] else None

    def read(self, bucket: str, name: str, start: int, end: int | None) -> bytes:
        return self._content(bucket, name)[start:end]

    def download(self, bucket: str, name: str, file: BinaryIO) -> None:
        file.write(self._content(bucket, name))

    def _content(self, bucket: str, name: str) -> bytes:
        try:
            return self.objects[f"gs://{bucket}/{name}"]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "no such object", f"gs://{bucket}/{name}") from None


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["a/1.png", "a/2", "a/10.pdf", "a/.x.png", "a/b/3.TIF", "a/c/", "a.pdf", "br[1].pdf", "br1.pdf"]
    objects = {f"gs://box/{name}": PNG for name in names} | {"gs://box/a/b/4.xml": b"<a/>"}
    made = Store(cast(Client, Objects(objects)))
    monkeypatch.setattr(files, "store_of", lambda _: made)


@pytest.mark.usefixtures("store")
class TestUrls:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("gs://box/a.pdf", ["a.pdf"]),
            ("gs://box/a/b/4.xml", ["a/b/4.xml"]),
            ("gs://box/a", ["a/1.png", "a/2", "a/10.pdf", "a/b/3.TIF"]),
            ("gs://box/a/", ["a/1.png", "a/2", "a/10.pdf", "a/b/3.TIF"]),
            ("gs://box/a/*.p*", ["a/1.png", "a/10.pdf"]),
            ("gs://box/**/*.TIF", ["a/b/3.TIF"]),
            ("gs://box/?/b", ["a/b/3.TIF"]),
            ("gs://box/br[1].pdf", ["br[1].pdf"]),
            ("gs://box/br[12].pdf", ["br1.pdf"]),
            ("gs://box", ["a/1.png", "a/2", "a/10.pdf", "a/b/3.TIF", "a.pdf", "br1.pdf", "br[1].pdf"]),
        ],
    )
    def test_find(self, url: str, expected: list[str]) -> None:
        listing = find([url], "file")
        assert [origin.name.removeprefix("gs://box/") for origin in listing.origins] == expected
        assert [origin.files[0].modified for origin in listing.origins] == [1_500_000_000] * len(expected)

    def test_left_out_and_excluded(self) -> None:
        assert find(["gs://box/a"], "file").left_out == 1
        assert find(["gs://box/a"], "file", ["gs://box/a/b"]).left_out == 0

    def test_folder_documents(self) -> None:
        listing = find(["gs://box/a"], "folder")
        assert [(origin.name, len(origin.files)) for origin in listing.origins] == [
            ("gs://box/a", 3),
            ("gs://box/a/b", 1),
        ]
        assert listing.origins[0].document_id == document_id("gs://box/a")

    @pytest.mark.parametrize("url", ["gs://box/none.pdf", "gs://box/*.xml", "gs://box/none/"])
    def test_nothing_there(self, url: str) -> None:
        with pytest.raises(UsageError, match="check the address"):
            find([url], "file")

    def test_hash(self) -> None:
        assert hash_file("gs://box/a.pdf") == hashlib.sha256(PNG).hexdigest()

    def test_a_missing_object_is_an_oserror(self) -> None:
        with pytest.raises(OSError, match=r"gs://box/none\.pdf"):
            hash_file("gs://box/none.pdf")


def test_a_store_that_cannot_be_reached() -> None:
    with pytest.raises(NothingDone, match=r"cannot use nostore://box/a: there are gs:// and s3://"):
        find(["nostore://box/a"], "file")
