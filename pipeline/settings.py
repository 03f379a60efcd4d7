"""The settings file: TOML as frozen dataclasses, each field with its default, its range and one line of help.

A field's metadata are `range` (lowest and highest allowed value), `help` (one line, with the unit) and `changes_result`
(whether other values give other text or geometry; such fields go into a document's revision).
"""

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Self

from pipeline.failures import UsageError
from segmentation.settings import Segmentation

TYPES: Final[Mapping[type, str]] = {int: "a whole number", float: "a number", bool: "true or false"}


def _field(default: Any, low: float, high: float, help: str, changes_result: bool = False) -> Any:
    return field(default=default, metadata={"range": (low, high), "help": help, "changes_result": changes_result})


@dataclass(frozen=True, slots=True)
class Render:
    """From sources to page images."""

    dpi: int = _field(300, 72, 1200, "Resolution of pages that are drawn, not scanned, in dots per inch.", True)
    max_megapixels: int = _field(300, 1, 2000, "Pages of more million pixels than this fail as too-large.", True)
    timeout_seconds: int = _field(60, 1, 3600, "Seconds after which a page that is still rendered fails as timeout.")
    memory_mb: int = _field(3072, 256, 65536, "Memory that the rendering of one page may take, in MB.")


@dataclass(frozen=True, slots=True)
class Read:
    """From lines to texts."""

    doubtful: float = _field(0.3, 0, 1, "Expected share of wrong characters above which a page is doubtful.", True)


@dataclass(frozen=True, slots=True)
class Run:
    """How the work is cut up, when it stops, and how long it is told of. None of it changes a result."""

    chunk_pages: int = _field(8, 1, 64, "Pages that a worker takes at a time.")
    wave_pages: int = _field(128, 1, 100_000, "Pages that a local run does between two commits.")
    remote_wave_pages: int = _field(20_000, 1, 10_000_000, "Pages that a cluster does between two commits.")
    max_failed: float = _field(0.05, 0, 1, "Share of failed pages at which the run stops.")
    max_failed_after: int = _field(200, 1, 10**9, "Pages that are done before that share is looked at.")
    retries: int = _field(3, 0, 10, "Further tries, in later runs, of what failed for a passing reason.")
    keep_runs: int = _field(400, 1, 10**6, "Accounts of runs that OUT/runs keeps, the latest ones.")


@dataclass(frozen=True, slots=True)
class Settings:
    """All tables of the settings file."""

    render: Render = field(default_factory=Render)
    segment: Segmentation = field(default_factory=Segmentation)
    read: Read = field(default_factory=Read)
    run: Run = field(default_factory=Run)

    @classmethod
    def load(cls, path: str | None) -> Self:
        """Read a settings file; None gives the defaults.

        Raises UsageError that names the file, the table, the key, the value and what is allowed instead.
        """
        content = {} if path is None else _parse(path)
        known = cls()._tables()
        for name, values in content.items():
            if not isinstance(values, dict):
                raise UsageError(f"{path}: {name} = {values!r}: in no table; write it below [{'], ['.join(known)}]")
            _expect_known(f"{path}: [{name}]", name, known, "table")
        return cls(**{n: _filled(f"{path}: [{n}]", table, content.get(n, {})) for n, table in known.items()})

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Table -> key -> value."""
        return asdict(self)

    def fingerprint(self) -> str:
        """Canonical JSON of the settings that change text or geometry."""
        chosen = {
            name: {key.name: getattr(table, key.name) for key in fields(table) if key.metadata["changes_result"]}
            for name, table in self._tables().items()
        }
        return json.dumps(chosen, sort_keys=True, separators=(",", ":"))

    def _tables(self) -> dict[str, Any]:
        return {table.name: getattr(self, table.name) for table in fields(self)}


def example() -> str:
    """A settings file with every key at its default, each with its help and range as a comment."""
    tables = (
        "\n".join([f"[{name}]", *(_example_line(key) for key in fields(table))])
        for name, table in Settings()._tables().items()
    )
    return "\n\n".join(tables) + "\n"


def _example_line(key: Field[Any]) -> str:
    help_and_range = key.metadata["help"] + ("" if type(key.default) is bool else f" {_range(key).capitalize()}.")
    return f"# {help_and_range}\n{key.name} = {json.dumps(key.default)}"


def _parse(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a settings file that can be read") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error


def _filled(where: str, defaults: Any, values: Mapping[str, Any]) -> Any:
    keys = {key.name: key for key in fields(defaults)}
    for name, value in values.items():
        _expect_known(f"{where} {name} = {value!r}", name, keys, "key")
    return replace(defaults, **{n: _checked(f"{where} {n} = {v!r}", keys[n], v) for n, v in values.items()})


def _expect_known(where: str, name: str, known: Mapping[str, Any], what: str) -> None:
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
        raise UsageError(f"{where}: no such {what}; did you mean {nearest}? There are {', '.join(known)}")


def _checked(where: str, key: Field[Any], value: Any) -> Any:
    low, high = key.metadata["range"]
    kind: Any = type(key.default)
    right_type = type(value) is kind or (kind is float and type(value) is int)
    if not right_type or not low <= value <= high:
        raise UsageError(f"{where}: must be {_allowed(key)}; the default is {json.dumps(key.default)}")
    return kind(value)


def _allowed(key: Field[Any]) -> str:
    kind = type(key.default)
    return TYPES[kind] if kind is bool else f"{TYPES[kind]} {_range(key)}"


def _range(key: Field[Any]) -> str:
    low, high = key.metadata["range"]
    return f"from {low} to {high}"
