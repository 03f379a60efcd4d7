"""Enough of Docker's languages to judge our Dockerfile and what its build gets to see."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Instruction:
    """`RUN`, `COPY` and so on, with the rest of its line or lines."""

    name: str
    rest: str


@dataclass
class Stage:
    """What one FROM begins: `parent` is an image or another stage."""

    parent: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """The rests of the instructions of that name, in order."""
        return [each.rest for each in self.instructions if each.name == name]


def parsed(file: Path) -> tuple[dict[str, str], dict[str, Stage]]:
    """The arguments before the first FROM with their defaults, and the stages by name, in order."""
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    for instruction in _instructions(file.read_text(encoding="utf-8")):
        if instruction.name == "FROM":
            parent, _, name = instruction.rest.split()
            stages[name] = Stage(parent, name)
        elif stages:
            list(stages.values())[-1].instructions.append(instruction)
        else:
            key, value = instruction.rest.split("=", 1)
            arguments[key] = value
    return arguments, stages


def _instructions(text: str) -> Iterator[Instruction]:
    lines = "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", " ", lines).splitlines():
        name, rest = line.split(maxsplit=1)
        yield Instruction(name, rest)


def sources(copy: str) -> list[str]:
    """What a COPY takes from the build's folder; nothing where it copies from another stage."""
    words = shlex.split(copy)
    return [] if words[0].startswith("--from=") else words[:-1]


def ignored(path: str, ignore: Path) -> bool:
    """Whether .dockerignore keeps a file or folder from the build: the last pattern that matches it decides."""
    out = False
    for line in ignore.read_text(encoding="utf-8").splitlines():
        pattern = line.strip().removeprefix("!")
        if pattern and not pattern.startswith("#") and _matches(path, pattern):
            out = not line.startswith("!")
    return out


def _matches(path: str, pattern: str) -> bool:
    """Also for what lies in a folder that matches."""
    parents = [path, *map(str, PurePosixPath(path).parents)][:-1]
    if pattern.startswith("**/"):
        return any(fnmatchcase(PurePosixPath(parent).name, pattern[3:]) for parent in parents)
    return any(fnmatchcase(parent, pattern) for parent in parents)
