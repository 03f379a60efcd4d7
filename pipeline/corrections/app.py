"""The web application behind `inkbeam correct`: what the page in the browser asks for.

It is for one person's browser on this machine. Whoever asks must name the host as the address does, so that no other
site can have its name resolved to this machine; must know the token in the address; and, to change anything, must come
from the page itself. The page loads nothing from elsewhere, and the browser is told to allow nothing else.
"""

import hashlib
import json
import re
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, get_args

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.corrections.correction import Correction, Verdict
from pipeline.corrections.crops import Pictures
from pipeline.corrections.desk import Desk, Meanwhile, Shown
from pipeline.corrections.queue import Place
from pipeline.document import Polyline, Word
from pipeline.ending import told
from pipeline.failures import InkbeamError
from pipeline.files import display
from pipeline.scans import ScanGone
from recognizer.html import page

HERE: Final = Path(__file__).parent
OTHERS: Final = 6
"""Readings of a word that the page offers."""
STALE: Final = "this page belongs to an `inkbeam correct` that has ended; open the address that the new one prints"
FOREIGN: Final = "only the page of `inkbeam correct` itself may ask for that"

Asked = Mapping[str, Any]
Handler = Callable[[Request], Awaitable[Response]]


def application(desk: Desk, pictures: Pictures, host: str, token: str) -> Starlette:
    """The application, for requests to `http://HOST/TOKEN/`, where `host` has the port too."""
    html = _html()
    asked = {"next": _next, "save": _save, "skip": _skip, "undo": _undo}
    routes = [
        Route("/{token}/", _constant(html)),
        *(Route(f"/{{token}}/{name}", _answer(desk, answer), methods=["POST"]) for name, answer in asked.items()),
        Route("/{token}/crop/{id:path}", _picture(pictures.crop)),
        Route("/{token}/scan/{id:path}", _picture(pictures.scan)),
    ]
    guard = Middleware(Guard, host=host, token=token, policy=_policy(html))
    return Starlette(routes=routes, middleware=[guard])


@dataclass(frozen=True)
class Guard:
    """Refuses who may not ask, and tells the browser what the page may do."""

    app: ASGIApp
    host: str
    token: str
    policy: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 403."""
        if scope["type"] != "http":
            raise ValueError(f"no {scope['type']} here")
        refusal = self._refusal(Request(scope))
        app = PlainTextResponse(refusal, 403) if refusal else self.app
        await app(scope, receive, self._with_headers(send))

    def _refusal(self, request: Request) -> str | None:
        token = request.url.path.strip("/").partition("/")[0]
        if request.headers.get("host") != self.host:
            return FOREIGN
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return STALE
        own = request.headers.get("origin") == f"http://{self.host}"
        return None if own or request.method in ("GET", "HEAD") else FOREIGN

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = self.policy
                headers["cache-control"] = "no-store"
                headers["cross-origin-opener-policy"] = "same-origin"
                headers["cross-origin-resource-policy"] = "same-origin"
                headers["referrer-policy"] = "same-origin"
                headers["x-content-type-options"] = "nosniff"
            await send(message)

        return sending


def _html() -> str:
    names = ("correct.html", "correct.css", "words.js", "correct.js")
    body, style, *scripts = ((HERE / name).read_text(encoding="utf-8") for name in names)
    return page("Correct", body, style, "\n".join(scripts))


def _policy(html: str) -> str:
    """Nothing but the page's own script and style, known by their hashes, its pictures, and what it asks of us."""
    hashes = {
        kind: f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
        for kind, content in re.findall(r"<(style|script)>(.*?)</\1>", html, re.DOTALL)
    }
    return (
        f"default-src 'none'; script-src {hashes['script']}; style-src {hashes['style']}; img-src blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _constant(html: str) -> Handler:
    async def handle(_: Request) -> Response:
        return HTMLResponse(html)

    return handle


def _answer(desk: Desk, answer: Callable[[Desk, Asked], Asked]) -> Handler:
    """Answers with JSON: what `answer` finds, with the progress; 409 for what was changed meanwhile; 500 for failures
    that the user can do something about, told in `error`; 400 for what no page of ours asks.
    """

    async def handle(request: Request) -> Response:
        try:
            found = await run_in_threadpool(answer, desk, json.loads(await request.body()))
        except Meanwhile as error:
            return JSONResponse({"line": error.shown and _line(error.shown)}, 409)
        except (InkbeamError, OSError) as error:
            return JSONResponse({"error": told(error)}, 500)
        except (ValueError, TypeError, KeyError):
            return PlainTextResponse("not a question of the page", 400)
        return JSONResponse({**found, "progress": _progress(desk)})

    return handle


def _picture(draw: Callable[[Place], bytes]) -> Handler:
    """Answers with WebP, or with 404 and the reason why there is no picture."""

    async def handle(request: Request) -> Response:
        try:
            return Response(await run_in_threadpool(draw, Place.of(request.path_params["id"])), media_type="image/webp")
        except (ScanGone, InkbeamError, OSError, ValueError) as error:
            return PlainTextResponse(str(error), 404)

    return handle


def _next(desk: Desk, asked: Asked) -> Asked:
    shown = desk.next(str(asked["window"]), [Place.of(str(id_)) for id_ in asked["beside"]])
    return {"line": shown and _line(shown)}


def _save(desk: Desk, asked: Asked) -> Asked:
    verdict: Verdict = asked["verdict"]
    if verdict not in get_args(Verdict):
        raise ValueError(verdict)
    shown = desk.save(Place.of(str(asked["id"])), asked["before"], asked["seen"], verdict, asked["text"])
    return {"said": shown.said and _said(shown.said)}


def _skip(desk: Desk, asked: Asked) -> Asked:
    desk.skip(Place.of(str(asked["id"])))
    return {}


def _undo(desk: Desk, asked: Asked) -> Asked:
    shown = desk.undo(str(asked["window"]), Place.of(str(asked["id"])), asked["before"], asked["seen"])
    return {"line": _line(shown)}


def _line(shown: Shown) -> Asked:
    place, line = shown.place, shown.line
    return {
        "id": place.id,
        "source": display(shown.page.source).rpartition("/")[2],
        "page": place.page,
        "line": place.line,
        "width": shown.page.width,
        "height": shown.page.height,
        "outline": _points(line.polygon),
        "text": line.text,
        "words": [_word(word) for word in line.words],
        "said": shown.said and _said(shown.said),
    }


def _word(word: Word) -> Asked:
    others = [other.text for other in (word.alternatives or ())[:OTHERS]]
    return {"text": word.text, "confidence": word.confidence, "outline": _points(word.polygon), "others": others}


def _said(said: Correction) -> Asked:
    when = datetime.fromtimestamp(said.time, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return {"verdict": said.verdict, "text": said.text, "who": said.who, "when": when, "time": said.time}


def _points(outline: Polyline) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in outline)


def _progress(desk: Desk) -> Asked:
    now = desk.progress
    return {name: getattr(now, name) for name in now.__slots__}
