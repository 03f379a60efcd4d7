"""Text of a PDF page that nobody sees: it is found, and taken out, before ours is laid over the page.

Programs that read scans leave it invisible (text rendering mode 3), or under the picture of the page. Both may stand in
forms (XObjects) that the page draws.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pikepdf import ContentStreamInstruction, Dictionary, Matrix, Name, Operator, parse_content_stream
from pikepdf import unparse_content_stream as unparse

from pipeline.pdf_places import visible_box
from pipeline.poppler import COVERED
from pipeline.rendered import Box

INVISIBLE: Final = 3
SHOWING: Final = frozenset(("Tj", "TJ", "'", '"'))
FOLLOWED: Final = "q Q cm gs Tr Do BT Tj TJ ' \""
DEEPEST: Final = 16
IDENTITY: Final = (1, 0, 0, 1, 0, 0)
CORNERS: Final = ((0, 0), (1, 0), (1, 1), (0, 1))
TRANSPARENT: Final = (Name.SMask, Name.Mask)
NORMAL: Final = (Name.Normal, Name.Compatible)


@dataclass(frozen=True)
class _State:
    """What of the graphics state says whether text is seen; `opaque`: what is drawn hides what lies under it."""

    matrix: Matrix
    mode: int = 0
    opaque: bool = True

    def after(self, name: str, operands: Sequence[Any], resources: Any) -> "_State":
        """The state after an operator."""
        if name == "cm":
            return replace(self, matrix=Matrix(*map(float, operands)) @ self.matrix)
        if name == "Tr":
            return replace(self, mode=int(operands[0]))
        if name == "gs":
            return replace(self, opaque=_is_opaque(_named(resources, Name.ExtGState, operands[0])))
        return self


@dataclass(frozen=True)
class _Step:
    """Text that is shown, where `image` is None, or an image that is drawn; `together` is one for what follows a BT."""

    state: _State
    together: object
    image: Any = None


def find_hidden(page: Any) -> list[bool]:
    """Of each piece of text that the page shows, in its order: whether nobody sees it, and it may be taken out.

    It may not where it is what puts visible text in its place.
    """
    box = visible_box(page.mediabox, page.cropbox)
    shown: list[_Step] = []
    under = 0
    for step in _steps(page.obj, page.resources, _State(Matrix()), 0):
        if step.image is None:
            shown.append(step)
        elif _covers(step, box):
            under = len(shown)
    unseen = [step.state.mode == INVISIBLE or number < under for number, step in enumerate(shown)]
    seen = {id(step.together) for step, hidden in zip(shown, unseen, strict=True) if not hidden}
    return [hidden and id(step.together) not in seen for step, hidden in zip(shown, unseen, strict=True)]


def take_out(pdf: Any, page: Any, hidden: Sequence[bool]) -> None:
    """Take out the pieces of text that are marked, as `find_hidden` numbers them. What is shared is copied."""
    marks = iter(hidden)
    content, resources = _without(pdf, page.obj, page.resources, marks, 0)
    page.Contents, page.Resources = pdf.make_stream(content), resources


def _steps(owner: Any, resources: Any, state: _State, level: int) -> Iterator[_Step]:
    """What a page or form shows, forms in it included."""
    saved: list[_State] = []
    together = object()
    for operands, operator in parse_content_stream(owner, FOLLOWED):
        name = str(operator)
        if name == "q":
            saved.append(state)
        elif name == "Q":
            state = saved.pop() if saved else state
        elif name == "BT":
            together = object()
        elif name in SHOWING:
            yield _Step(state, together)
        elif name != "Do":
            state = state.after(name, operands, resources)
        elif (drawn := _named(resources, Name.XObject, operands[0])) is not None:
            if _is_form(drawn, level):
                inner = replace(state, matrix=Matrix(*map(float, drawn.get(Name.Matrix, IDENTITY))) @ state.matrix)
                yield from _steps(drawn, drawn.get(Name.Resources, resources), inner, level + 1)
            elif drawn.get(Name.Subtype) == Name.Image:
                yield _Step(state, together, drawn)


def _without(pdf: Any, owner: Any, resources: Any, marks: Iterator[bool], level: int) -> tuple[bytes, Any]:
    """Content and resources of a page or form without the text that is marked; `marks` as `_steps` goes."""
    kept: list[Any] = []
    forms: dict[str, Any] = {}
    for operands, operator in parse_content_stream(owner):
        name = str(operator)
        drawn = _named(resources, Name.XObject, operands[0]) if name == "Do" else None
        if name in SHOWING and next(marks):
            kept += _moves(name, operands)
        elif drawn is not None and _is_form(drawn, level):
            key = f"/Shown{len(forms)}"
            forms[key] = _form_without(pdf, drawn, resources, marks, level + 1)
            kept.append(ContentStreamInstruction([Name(key)], operator))
        else:
            kept.append(ContentStreamInstruction(operands, operator))
    return unparse(kept), _with_forms(resources, forms)


def _form_without(pdf: Any, form: Any, resources: Any, marks: Iterator[bool], level: int) -> Any:
    content, own = _without(pdf, form, form.get(Name.Resources, resources), marks, level)
    made = pdf.make_stream(content)
    for key in form.keys() - {Name.Length, Name.Filter, Name.DecodeParms}:
        made[key] = form[key]
    made.Resources = own
    return made


def _with_forms(resources: Any, forms: dict[str, Any]) -> Any:
    """A copy of the resources with these forms added."""
    copy = Dictionary(dict(resources.items()))
    copy.XObject = Dictionary(dict(resources.get(Name.XObject, Dictionary()).items()) | forms)
    return copy


def _moves(name: str, operands: Sequence[Any]) -> list[ContentStreamInstruction]:
    """What remains of an operator that shows text, without it (ISO 32000-1, table 109)."""
    next_line = ContentStreamInstruction([], Operator("T*"))
    if name == "'":
        return [next_line]
    if name == '"':
        spacing = zip(operands[:2], ("Tw", "Tc"), strict=True)
        return [*(ContentStreamInstruction([space], Operator(which)) for space, which in spacing), next_line]
    return []


def _named(resources: Any, kind: Name, name: Any) -> Any:
    """A resource by its name, None where there is none."""
    return resources.get(kind, Dictionary()).get(name)


def _is_form(drawn: Any, level: int) -> bool:
    return bool(drawn.get(Name.Subtype) == Name.Form) and level < DEEPEST


def _is_opaque(settings: Any) -> bool:
    return settings is None or (float(settings.get(Name.ca, 1)) == 1 and settings.get(Name.BM, Name.Normal) in NORMAL)


def _covers(step: _Step, box: Box) -> bool:
    """Whether an image hides what was drawn before it, on nearly all of the page."""
    if not step.state.opaque or any(key in step.image for key in TRANSPARENT) or step.image.get(Name.ImageMask):
        return False
    xs, ys = zip(*(step.state.matrix.transform(corner) for corner in CORNERS), strict=True)
    width = min(max(xs), box[2]) - max(min(xs), box[0])
    height = min(max(ys), box[3]) - max(min(ys), box[1])
    return bool(min(width, height) > 0 and width * height >= COVERED * (box[2] - box[0]) * (box[3] - box[1]))
