import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.corrections.app import FOREIGN, STALE
from pipeline.corrections.desk import Desk
from tests.pipeline.corrections.served import FULL, TOKEN, Filling, Served, archive, said, served
from tests.pipeline.drawn import save_png


@pytest.fixture
def storage(tmp_path: Path) -> Filling:
    return Filling(archive(tmp_path).root)


@pytest.fixture
def server(storage: Filling) -> Iterator[Served]:
    with served(storage, "Anna") as running:
        yield running


def first(server: Served, window: str = "one") -> dict[str, Any]:
    status, answer = server.ask("next", window=window, beside=[])
    assert status == 200
    line: dict[str, Any] = answer["line"]
    return line


def save(server: Served, line: dict[str, Any], verdict: str, text: str = "", seen: float | None = None) -> Any:
    return server.ask("save", id=line["id"], before=line["text"], seen=seen, verdict=verdict, text=text)


def test_a_line_comes_with_all_that_the_page_shows(server: Served) -> None:
    line = first(server)
    assert line["id"] == "default/a-00000000/1/1"
    assert (line["source"], line["page"], line["line"], line["text"]) == ("a.png", 1, 1, "word a 0 here")
    assert (line["width"], line["height"]) == (640, 400)
    assert line["words"][1] == {
        "text": "a",
        "confidence": pytest.approx(0.1),
        "outline": "140,66 200,66 200,96 140,96",
        "others": ["A"],
    }
    assert line["said"] is None


def test_what_is_said_is_on_the_disk_when_the_answer_comes(server: Served, storage: Filling) -> None:
    line = first(server)
    status, answer = save(server, line, "corrected", "an other text")
    assert status == 200
    (kept,) = said(storage, "a")
    assert (kept.text, kept.verdict, kept.who, kept.time) == (
        *("an other text", "corrected", "Anna"),
        answer["said"]["time"],
    )
    assert answer["progress"]["saved"] == 1
    assert first(server)["id"] != line["id"]


def test_skipping_and_undoing(server: Served, storage: Filling) -> None:
    line = first(server)
    assert server.ask("skip", id=line["id"])[0] == 200
    assert first(server)["id"] != line["id"]
    status, answer = server.ask("undo", window="one", id=line["id"], before=line["text"], seen=None)
    assert (status, answer["line"]) == (200, line)
    saved = save(server, line, "unreadable")[1]["said"]
    status, answer = server.ask("undo", window="one", id=line["id"], before=line["text"], seen=saved["time"])
    assert (status, answer["line"], answer["progress"]["saved"]) == (200, line, 0)
    assert [each.verdict for each in said(storage, "a")] == ["unreadable", "withdrawn"]


def test_another_window_is_told_what_was_said_meanwhile(server: Served, storage: Filling) -> None:
    line = first(server)
    Desk(storage, "Ben").save(server.desk.next("one").place, line["text"], None, "corrected", "Ben's")  # type: ignore[union-attr]
    status, answer = save(server, line, "corrected", "Anna's")
    assert status == 409
    there = answer["line"]["said"]
    assert (there["who"], there["text"]) == ("Ben", "Ben's")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", there["when"])
    assert save(server, line, "corrected", "Anna's", there["time"])[0] == 200
    assert [each.text for each in said(storage, "a")] == ["Ben's", "Anna's"]
    gone = {**line, "id": "default/nobody-00000000/1/1"}
    assert save(server, gone, "right") == (409, {"line": None})


def test_a_save_that_fails_says_why_and_a_second_try_saves(server: Served, storage: Filling) -> None:
    line = first(server)
    storage.full.set()
    assert save(server, line, "right") == (500, {"error": FULL})
    assert said(storage, "a") == ()
    storage.full.clear()
    assert save(server, line, "right")[0] == 200


def test_pictures_come_or_the_reason_why_not(server: Served, tmp_path: Path) -> None:
    path = f"/{TOKEN}/crop/{first(server)['id']}"
    for kind in ("crop", "scan"):
        status, content, headers = server.request("GET", path.replace("crop", kind))
        assert (status, headers["content-type"], content[8:12]) == (200, "image/webp", b"WEBP")
    save_png(tmp_path / "b.png", 99)
    status, content, _ = server.request("GET", path.replace("a-0", "b-0"))
    assert status == 404
    assert "b.png: is not the file any more" in content.decode()
    assert server.request("GET", f"/{TOKEN}/crop/nonsense")[0] == 404


@pytest.mark.parametrize("what", ["next", "save", "skip", "undo"])
def test_nothing_is_changed_from_elsewhere(server: Served, storage: Filling, what: str) -> None:
    line = first(server)
    question = {"id": line["id"], "before": line["text"], "seen": None, "verdict": "right", "text": "", "window": "x"}
    body, path = json.dumps(question | {"beside": []}), f"/{TOKEN}/{what}"
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Host": "evil.example"}):
        status, content, _ = server.request("POST", path, body, **headers)
        assert (status, content.decode()) == (403, FOREIGN)
    for path in (f"/other/{what}", f"//{what}", "/", f"/{TOKEN}x/{what}"):
        assert server.request("POST", path, body)[0] == 403
    assert server.request("GET", f"/{TOKEN}/{what}")[0] == 405
    assert said(storage, "a") == ()


def test_nobody_reads_without_the_token_or_under_another_name(server: Served) -> None:
    picture = f"crop/{first(server)['id']}"
    for path in ("", picture):
        status, content, _ = server.request("GET", f"/guessed/{path}")
        assert (status, content.decode()) == (403, STALE)
        # A name of somebody's that was made to mean this machine.
        status, content, _ = server.request("GET", f"/{TOKEN}/{path}", Host="evil.example:80")
        assert (status, content.decode()) == (403, FOREIGN)


def test_the_page_may_do_nothing_but_what_it_needs(server: Served) -> None:
    status, content, headers = server.request("GET", f"/{TOKEN}/")
    assert status == 200
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers
    assert not re.search(r"https?://(?!www\.w3\.org)", content.decode())


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"id": 7}', '{"id": "a/b"}', "\xff"])
def test_what_the_page_would_never_ask_is_no_fault(server: Served, body: str) -> None:
    for what in ("next", "save", "skip", "undo"):
        status, content, _ = server.request("POST", f"/{TOKEN}/{what}", body)
        assert (status, content) == (400, b"not a question of the page")


def test_a_verdict_is_one_of_ours(server: Served) -> None:
    assert server.request("POST", f"/{TOKEN}/save", json.dumps({"id": "a/b/1/1", "verdict": "x"}))[0] == 400
