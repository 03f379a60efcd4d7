"""What holds for every kind of storage."""

import pickle

import pytest

from pipeline.storage import Storage

ODD_NAMES = (
    *(
        "plain",
        "with space",
        "new\nline",
        "br[1].pdf",
        "br1.pdf",
        "st*r",
        "wh?t",
        "ünï",
        "日本",
        "%20",
        "{a}",
        "back\\slash",
    ),
    *(".hidden", "a.tmp", "quote'\"", "x" * 200, "-dash", "a.gz", "a+b", "a#b", "a&b=c"),
)


def names(storage: Storage, prefix: str = "") -> list[str]:
    return [entry.name for entry in storage.list(prefix)]


class StorageContract:
    """Tests of a fixture `storage`, which is empty."""

    odd_names: tuple[str, ...] = ODD_NAMES

    def test_what_is_written_is_read(self, storage: Storage) -> None:
        storage.write("a/b/c.bin", b"one")
        storage.write("a/b/c.bin", b"two")
        assert storage.read("a/b/c.bin") == b"two"
        (entry,) = storage.list()
        assert (entry.name, entry.size) == ("a/b/c.bin", 3)
        assert entry.modified > 1_600_000_000

    def test_an_empty_object(self, storage: Storage) -> None:
        storage.write("empty", b"")
        assert storage.read("empty") == b""
        with storage.open("empty") as file:
            assert file.read() == b""

    def test_odd_names_are_written_listed_read_and_deleted(self, storage: Storage) -> None:
        odd = sorted(f"folder/{name}" for name in self.odd_names)
        for name in odd:
            storage.write(name, name.encode())
        assert names(storage) == odd
        for number, name in enumerate(odd, 1):
            assert name in names(storage, name)
            assert storage.read(name) == name.encode()
            storage.delete(name)
            assert names(storage) == odd[number:]

    def test_a_listing_is_in_order_of_whole_names(self, storage: Storage) -> None:
        for name in ("b", "a/z", "a.b", "a/b/c", "a-b", "ab", "a/b.c"):
            storage.write(name, b"")
        assert names(storage) == sorted(["b", "a/z", "a.b", "a/b/c", "a-b", "ab", "a/b.c"])
        assert names(storage, "a/") == ["a/b.c", "a/b/c", "a/z"]
        assert names(storage, "a") == ["a-b", "a.b", "a/b.c", "a/b/c", "a/z", "ab"]

    def test_nothing_is_listed_where_nothing_is(self, storage: Storage) -> None:
        assert names(storage) == []
        storage.write("file", b"")
        assert names(storage, "no/such/folder/") == []
        assert names(storage, "file/below") == []

    def test_a_missing_object_cannot_be_read(self, storage: Storage) -> None:
        with pytest.raises(FileNotFoundError):
            storage.read("missing")
        with pytest.raises(FileNotFoundError):
            storage.open("missing")

    def test_deleting_removes_one_object_and_a_missing_one_is_fine(self, storage: Storage) -> None:
        storage.write("a", b"")
        storage.write("ab", b"")
        storage.delete("a")
        storage.delete("a")
        assert names(storage) == ["ab"]

    def test_parts_of_an_object(self, storage: Storage) -> None:
        content = bytes(range(256)) * 20
        storage.write("object", content)
        with storage.open("object") as file:
            file.seek(-10, 2)
            assert file.read() == content[-10:]
            file.seek(100)
            assert file.read(7) == content[100:107]

    def test_a_large_object_written_piece_by_piece(self, storage: Storage) -> None:
        with storage.create("object") as file:
            for k in range(30):
                file.write(bytes([k]) * 300_000)
        content = storage.read("object")
        assert len(content) == 30 * 300_000
        assert content[-1:] == b"\x1d"

    def test_a_writer_that_fails_half_way_leaves_what_was_there(self, storage: Storage) -> None:
        def write_half(name: str) -> None:
            with storage.create(name) as file:
                file.write(b"half" * 3_000_000)
                raise KeyError(name)

        storage.write("old", b"old")
        for name in ("old", "new"):
            with pytest.raises(KeyError):
                write_half(name)
        assert names(storage) == ["old"]
        assert storage.read("old") == b"old"

    def test_it_can_be_sent_to_workers(self, storage: Storage) -> None:
        storage.write("a", b"x")
        copy: Storage = pickle.loads(pickle.dumps(storage))
        assert copy.read("a") == b"x"

    def test_it_can_be_reached_and_swept(self, storage: Storage) -> None:
        storage.reach()
        storage.write("a", b"x")
        storage.sweep()
        assert names(storage) == ["a"]
