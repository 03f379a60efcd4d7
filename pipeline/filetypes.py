"""The types of source that Inkbeam reads, told by content; names are only a hint."""

from typing import Final, Literal

FileType = Literal["pdf", "tiff", "jpeg", "png", "jp2", "webp"]

# A PDF's header may stand anywhere in the first 1024 bytes (PDF Reference 1.7, appendix H, note 13).
HEAD_BYTES: Final = 1024

EXTENSIONS: Final[frozenset[str]] = frozenset(
    {
        ".pdf",
        ".tif",
        ".tiff",
        ".btf",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".jp2",
        ".j2k",
        ".j2c",
        ".jpc",
        ".jpf",
        ".jpx",
        ".webp",
    }
)

SIGNATURES: Final[tuple[tuple[bytes, FileType], ...]] = (
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),  # BigTIFF, here and in the next line
    (b"MM\0+", "tiff"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "jp2"),
    (b"\xff\x4f\xff\x51", "jp2"),  # a codestream without boxes
)


def sniff(head: bytes) -> FileType | None:
    """The type of a file by its first HEAD_BYTES bytes (fewer if it is shorter); None when Inkbeam does not read it."""
    for signature, filetype in SIGNATURES:
        if head.startswith(signature):
            return filetype
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return "pdf" if b"%PDF-" in head[:HEAD_BYTES] else None
