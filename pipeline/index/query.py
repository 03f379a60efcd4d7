"""The query language: text -> a small tree.

    query   = all ("OR" all)*
    all     = ["AND"] ["NOT"] near ...        words beside each other: all of them on the same page
    near    = one (("NEAR" | "NEAR/5") one)*
    one     = word | word* | word~ | word~2 | "exact phrase" | (query)

Operators are written in upper case. Words are folded as the index folds them (`pipeline.index.tokens`); what folds to
several tokens, as l'enfant or 12/5, is a phrase of them, and * or ~ belong to the last one. Phrases may hold word* and
word~ too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from pipeline.failures import UsageError
from pipeline.index.tokens import tokens

DEFAULT_NEAR: Final = 10
FARTHEST: Final = 100  # words that NEAR may span
SHORTEST_PREFIX: Final = 2  # letters; below, most of the index would be read
SHORTEST_FUZZY: Final = {1: 3, 2: 5}  # letters by edits; shorter words are like too many others
DEEPEST: Final = 50  # parentheses in each other

_PIECE: Final = re.compile(r'\s*(?:(?P<bracket>[()])|["“”„](?P<phrase>[^"“”„]*)["“”„]|(?P<bare>[^\s()"“”„]+|["“”„]))')
_BARE: Final = re.compile(r"(?P<body>[^*~]*)(?:(?P<star>\*)|~(?P<edits>\d{0,3}))?")
_NEAR: Final = re.compile(r"NEAR(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Term:
    """A token; with `prefix` all that begin so, with `edits` all within so many insertions, deletions, changes."""

    token: str
    edits: int = 0
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms at consecutive positions."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Two places on a page, in either order, the second beginning at most `distance` words after the first ends."""

    left: "Query"
    right: "Query"
    distance: int


@dataclass(frozen=True, slots=True)
class And:
    """All `parts` on a page that has none of `without`; there is at least one part."""

    parts: tuple["Query", ...]
    without: tuple["Query", ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the parts on a page."""

    parts: tuple["Query", ...]


Query = Term | Phrase | Near | And | Or


def parse(text: str) -> Query:
    """The tree of a query. Raises UsageError, which shows the place and says what to write instead."""
    return _Parser(text).query()


def terms(query: Query) -> Iterator[Term]:
    """All terms of a query, from left to right."""
    match query:
        case Term():
            yield query
        case Phrase(members):
            yield from members
        case Near(left, right):
            yield from terms(left)
            yield from terms(right)
        case And(parts, without):
            for part in (*parts, *without):
                yield from terms(part)
        case Or(parts):
            for part in parts:
                yield from terms(part)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A bracket, a phrase or a bare word, and where it begins in the query, from 0."""

    kind: str
    text: str
    at: int

    @property
    def operator(self) -> str:
        """( ) AND OR NOT NEAR, or "" for words."""
        if self.kind == "bare" and _NEAR.fullmatch(self.text):
            return "NEAR"
        return (
            self.text if self.kind == "bracket" or (self.kind == "bare" and self.text in ("AND", "OR", "NOT")) else ""
        )


class _Parser:
    """Recursive descent over the pieces of one query."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces = [
            _Piece(kind, found[kind], found.start(kind))
            for found in _PIECE.finditer(text)
            for kind in [str(found.lastgroup)]
        ]
        self._place = 0
        self._depth = 0

    def query(self) -> Query:
        """The whole query."""
        if not self._pieces:
            self._fail(0, "nothing to search for; give at least one word")
        found = self._any()
        if self._next() == ")":
            self._fail(self._at(), "no parenthesis is open here; take this one away")
        return found

    def _any(self) -> Query:
        parts = [self._all()]
        while self._took("OR"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Query:
        began = self._at()
        parts: list[Query] = []
        without: list[Query] = []
        while True:
            excluded = self._took("NOT")
            (without if excluded else parts).append(self._near())
            if not self._took("AND") and self._next() in (None, ")", "OR"):
                break
        if not parts:
            self._fail(began, "NOT alone would find almost every page; put a word beside it: word NOT other")
        return parts[0] if len(parts) == 1 and not without else And(tuple(parts), tuple(without))

    def _near(self) -> Query:
        began = self._at()
        found = self._one()
        while self._next() == "NEAR":
            distance = self._distance(self._taken())
            right = self._at()
            other = self._one()
            for side, at in ((found, began), (other, right)):
                if not _is_place(side):
                    self._fail(at, "NEAR stands between words and phrases, and ORs of them; use AND outside of it")
            found = Near(found, other, distance)
        return found

    def _one(self) -> Query:
        at, operator = self._at(), self._next()
        if operator == "(":
            return self._inside(at)
        if operator is None:
            self._fail(at, "the query ends where a word is wanted; add one")
        if operator == ")":
            self._fail(at, "a word is wanted before the parenthesis closes; add one")
        if operator:
            self._fail(at, f'a word is wanted before {operator}; for the word itself write "{operator.lower()}"')
        piece = self._taken()
        return self._phrase(piece) if piece.kind == "phrase" else _joined(self._bare(piece.text, piece.at))

    def _inside(self, at: int) -> Query:
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(at, f"more than {DEEPEST} parentheses in each other; write the query flatter")
        self._taken()
        found = self._any()
        if not self._took(")"):
            self._fail(at, "this parenthesis is never closed; add )")
        self._depth -= 1
        return found

    def _phrase(self, piece: _Piece) -> Query:
        found = [
            term
            for word in re.finditer(r"\S+", piece.text)
            if tokens(word[0])
            for term in self._bare(word[0], piece.at + word.start())
        ]
        if not found:
            self._fail(piece.at, "no letter or digit between the quotation marks; put words there")
        return _joined(found)

    def _bare(self, text: str, at: int) -> list[Term]:
        """The terms of a word with its * or ~."""
        if text in ('"', "“", "”", "„"):
            self._fail(at, 'this quotation mark has no other; write "exact phrase"')
        parts = _BARE.fullmatch(text)
        if parts is None:
            self._fail(at, "* and ~ stand at the end of a word only: word*, word~, word~2")
        found = [Term(token) for token in tokens(parts["body"])]
        if not found:
            self._fail(at, "no letter or digit here, and nothing else is indexed; put a word")
        return [*found[:-1], self._last(found[-1].token, parts, at)]

    def _last(self, token: str, parts: re.Match[str], at: int) -> Term:
        if parts["star"]:
            if len(token) < SHORTEST_PREFIX:
                self._fail(at, f"too many words begin so; give at least {SHORTEST_PREFIX} letters before *")
            return Term(token, prefix=True)
        if parts["edits"] is None:
            return Term(token)
        edits = int(parts["edits"] or 1)
        if edits not in SHORTEST_FUZZY:
            self._fail(at, "a word may differ by 1 or 2 letters; write word~1 or word~2")
        if len(token) < SHORTEST_FUZZY[edits]:
            self._fail(at, f"too short for ~{edits}, which takes {SHORTEST_FUZZY[edits]} letters; leave ~{edits} out")
        return Term(token, edits)

    def _distance(self, operator: _Piece) -> int:
        given = operator.text.removeprefix("NEAR")
        distance = int(given[1:]) if re.fullmatch(r"/\d{1,3}", given) else DEFAULT_NEAR if not given else 0
        if not 1 <= distance <= FARTHEST:
            self._fail(operator.at, f"NEAR spans 1 to {FARTHEST} words; write NEAR/{DEFAULT_NEAR}, or AND")
        return distance

    def _next(self) -> str | None:
        """The operator that comes next, "" for a word, None at the end."""
        return self._pieces[self._place].operator if self._place < len(self._pieces) else None

    def _taken(self) -> _Piece:
        self._place += 1
        return self._pieces[self._place - 1]

    def _took(self, operator: str) -> bool:
        """Go past an operator, if it comes next."""
        comes = self._next() == operator
        self._place += comes
        return comes

    def _at(self) -> int:
        return self._pieces[self._place].at if self._place < len(self._pieces) else len(self._text)

    def _fail(self, at: int, message: str) -> NoReturn:
        line = re.sub(r"\s", " ", self._text)
        raise UsageError(f"{message}\n  {line}\n  {' ' * at}^ character {at + 1}")


def _joined(found: Sequence[Term]) -> Query:
    return found[0] if len(found) == 1 else Phrase(tuple(found))


def _is_place(query: Query) -> bool:
    """Whether this stands at places of its own, so that something can be near it."""
    match query:
        case And():
            return False
        case Or(parts):
            return all(map(_is_place, parts))
        case _:
            return True
