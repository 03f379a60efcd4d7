"""The page in a real browser, at two widths: lines corrected by keyboard alone, and all that can go wrong meanwhile."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench.chromium import CHROMIUM
from pipeline.corrections.table import corrected_documents
from pipeline.storage import LocalStorage
from tests.pipeline.corrections.served import Command, Filling, Served, add, archive, said, served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium; install the package of that name")
WIDTHS = {"phone": (390, 844), "desk": (1440, 1000)}
PATIENCE = 120_000.0  # milliseconds, on busy machines

Open = Callable[[str], Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(params=WIDTHS)
def window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Open]:
    """Opens windows of a width; none may have an error of its script, or ask anybody but the server."""
    width, height = WIDTHS[request.param]
    opened, errors = [], []

    def open_window(address: str) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(("http://127.0.0.1:", "blob:")) else errors.append(asked.url),
        )
        page.on("console", lambda told: errors.append(told.text) if "Content Security" in told.text else None)
        page.goto(address)
        opened.append(page)
        return page

    yield open_window
    for page in opened:
        page.close()
    assert errors == []


@pytest.fixture
def storage(tmp_path: Path) -> Filling:
    return Filling(archive(tmp_path, documents=7, lines=3).root)


@pytest.fixture
def server(storage: Filling) -> Iterator[Served]:
    with served(storage) as running:
        yield running


def waits_for(page: Page, name: str, line: int) -> None:
    expect(page.locator("#where")).to_have_text(f"{name}.png, page 1, line {line}")
    expect(page.locator("#text")).to_be_editable()


def test_twenty_lines_by_keyboard_alone(window: Open, server: Served, storage: Filling) -> None:
    page = window(server.address)
    wanted = {}
    for number in range(20):
        name, line = "abcdefg"[number % 7], number // 7
        waits_for(page, name, line + 1)
        if number % 4 == 0:
            page.keyboard.press("End")
            page.keyboard.type(f" and {number}")
        elif number % 4 == 1:
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Shift+Enter" if number % 4 == 2 else "Enter")
        wanted[name, line + 1] = (
            (f"word {name} {line} here and {number}", "corrected"),
            (f"WORD {name} {line} here", "corrected"),
            ("", "unreadable"),
            (f"word {name} {line} here", "right"),
        )[number % 4]
    waits_for(page, "g", 3)
    kept = {(name, each.line): (each.text, each.verdict) for name in "abcdefg" for each in said(storage, name)}
    assert kept == wanted
    expect(page.locator("#figures")).to_contain_text("20 saved now · 1 of 21 lines wait · still wrong: about ")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_contain_text("All lines are done")
    expect(page.locator("#work")).to_be_hidden()
    assert page.locator("#done").evaluate("each => each.value") > 0.99
    page.keyboard.press("Control+z")
    waits_for(page, "g", 3)


def test_saved_is_said_of_what_is_on_the_disk(window: Open, server: Served, storage: Filling) -> None:
    page = window(server.address)
    waits_for(page, "a", 1)
    page.keyboard.press("Control+A")
    page.keyboard.type("What stands there")
    expect(page.locator("#save")).to_have_text("Save")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Saved: What stands there")
    assert [each.text for each in said(storage, "a")] == ["What stands there"]


def test_a_reload_brings_the_same_line_and_undo_goes_on(window: Open, server: Served, storage: Filling) -> None:
    page = window(server.address)
    for name in "ab":
        waits_for(page, name, 1)
        page.keyboard.press("Enter")
    waits_for(page, "c", 1)
    page.reload()
    waits_for(page, "c", 1)
    for name in "ba":
        page.keyboard.press("Control+z")
        waits_for(page, name, 1)
        expect(page.locator("#state")).to_contain_text("Undone:")
    page.keyboard.press("Control+z")
    expect(page.locator("#state")).to_have_text("There is nothing to undo.")
    assert [each.verdict for name in "ab" for each in said(storage, name)] == ["right", "withdrawn"] * 2


def test_undo_keeps_what_was_written_to_be_mended(window: Open, server: Served, storage: Filling) -> None:
    page = window(server.address)
    waits_for(page, "a", 1)
    page.keyboard.press("Control+A")
    page.keyboard.type("a slip")
    page.keyboard.press("Enter")
    waits_for(page, "b", 1)
    page.keyboard.press("Control+z")
    waits_for(page, "a", 1)
    expect(page.locator("#text")).to_have_value("a slip")
    page.keyboard.press("Escape")
    expect(page.locator("#text")).to_have_value("word a 0 here")
    page.keyboard.press("Escape")
    waits_for(page, "b", 1)
    assert [each.verdict for each in said(storage, "a")] == ["corrected", "withdrawn"]


def test_two_windows_get_different_lines_and_are_told_of_each_other(
    window: Open, server: Served, storage: Filling
) -> None:
    one = window(server.address)
    waits_for(one, "a", 1)
    other = window(server.address)
    expect(other.locator("#where")).to_contain_text("png")
    expect(other.locator("#where")).not_to_contain_text("a.png")
    with served(storage, "Ben") as elsewhere:
        third = window(elsewhere.address)
        waits_for(third, "a", 1)
        third.keyboard.press("Enter")
        waits_for(third, "b", 1)
    one.keyboard.press("End")
    one.keyboard.type(" of mine")
    one.keyboard.press("Enter")
    expect(one.locator("#alarm")).to_contain_text("Ben has said of this line meanwhile: “word a 0 here”")
    expect(one.locator("#text")).to_have_value("word a 0 here of mine")
    one.keyboard.press("Enter")
    expect(one.locator("#state")).to_have_text("Saved: word a 0 here of mine")
    assert [each.text for each in said(storage, "a")] == ["word a 0 here", "word a 0 here of mine"]


def test_a_next_line_that_does_not_come_is_not_taken_for_one_that_is_not_saved(
    window: Open, server: Served, storage: Filling
) -> None:
    page = window(server.address)
    waits_for(page, "a", 1)
    page.wait_for_load_state("networkidle")
    page.route("**/next", lambda route: route.abort())
    for name in "ab":
        page.keyboard.press("Enter")
        expect(page.locator("#state")).to_have_text(f"Saved: word {name} 0 here")
    expect(page.get_by_role("alert")).to_contain_text("The next line does not come: the server does not answer")
    expect(page.get_by_role("alert")).not_to_contain_text("NOT SAVED")
    page.unroute("**/next")
    page.keyboard.press("Enter")
    waits_for(page, "c", 1)
    assert [each.verdict for name in "ab" for each in said(storage, name)] == ["right", "right"]


def test_a_full_disk_is_told_loudly_and_the_text_stays(window: Open, server: Served, storage: Filling) -> None:
    page = window(server.address)
    waits_for(page, "a", 1)
    page.keyboard.press("End")
    page.keyboard.type(" and more")
    storage.full.set()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("NOT SAVED")
    expect(page.get_by_role("alert")).to_contain_text("the disk is full")
    expect(page.locator("#text")).to_have_value("word a 0 here and more")
    expect(page.locator("#state")).not_to_contain_text("Saved")
    storage.full.clear()
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Saved: word a 0 here and more")
    expect(page.get_by_role("alert")).to_be_hidden()
    assert [each.text for each in said(storage, "a")] == ["word a 0 here and more"]


def test_a_server_that_is_killed_loses_nothing_that_was_saved(window: Open, storage: Filling) -> None:
    running = Command(storage.root)
    page = window(running.address)
    for name in "abc":
        waits_for(page, name, 1)
        page.keyboard.press("Enter")
    waits_for(page, "d", 1)
    page.keyboard.press("End")
    page.keyboard.type(" not saved yet")
    running.end(signal.SIGKILL)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("the server does not answer; start `inkbeam correct` again")
    expect(page.locator("#text")).to_have_value("word d 0 here not saved yet")
    assert sorted(document for _, document in corrected_documents(storage)) == [f"{name}-00000000" for name in "abc"]
    again = Command(storage.root)
    page = window(again.address)
    waits_for(page, "d", 1)
    page.keyboard.press("Enter")
    waits_for(page, "e", 1)
    code, told = again.end()
    assert code == 0
    assert "saved 1 correction (1 right)" in told


def test_a_scan_that_is_gone_leaves_the_line_to_be_corrected(window: Open, tmp_path: Path) -> None:
    storage = archive(tmp_path, documents=1)
    (tmp_path / "a.png").unlink()
    with served(storage) as running:
        page = window(running.address)
        waits_for(page, "a", 1)
        for frame in ("#crop", "#scan"):
            expect(page.locator(frame)).to_contain_text("a.png: No such file or directory. The line can be corrected")
        page.keyboard.press("Enter")
        waits_for(page, "a", 2)
    assert len(said(storage, "a")) == 1


def test_pictures_show_the_line_and_the_word(window: Open, server: Served) -> None:
    page = window(server.address)
    waits_for(page, "a", 1)
    for picture in ("#crop img", "#scan img"):
        expect(page.locator(picture)).to_be_visible()
        assert page.locator(picture).evaluate("each => each.naturalWidth") > 0
    assert page.locator("#outline").get_attribute("points") == "60,62 380,62 380,98 60,98"
    page.locator("#words button").nth(2).click()
    assert page.locator("#word").get_attribute("points") == "220,66 280,66 280,96 220,96"
    expect(page.locator("#others button")).to_have_text(["0", "0"])


def test_other_readings_by_keys_and_clicks(window: Open, server: Served) -> None:
    page = window(server.address)
    waits_for(page, "a", 1)
    text = page.locator("#text")
    page.keyboard.press("ArrowDown")
    expect(text).to_have_value("WORD a 0 here")
    page.keyboard.press("ArrowUp")
    expect(text).to_have_value("word a 0 here")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(text).to_have_value("word A 0 here")
    page.keyboard.press("Alt+ArrowUp")
    page.locator("#others button").nth(1).click()
    expect(text).to_have_value("WORD A 0 here")
    expect(text).to_be_focused()
    # A word that was added moves the words behind it, which keep their readings.
    page.keyboard.press("Control+A")
    page.keyboard.type("a new word a 0 here")
    page.keyboard.press("ArrowDown")
    expect(text).to_have_value("a new word a 0 HERE")
    page.keyboard.press("Escape")
    expect(text).to_have_value("word a 0 here")


def test_buttons_do_what_keys_do(window: Open, server: Served, storage: Filling) -> None:
    page = window(server.address)
    for name, button in (("a", "Right"), ("b", "Unreadable"), ("c", "Skip")):
        waits_for(page, name, 1)
        page.get_by_role("button", name=button, exact=True).click()
    waits_for(page, "d", 1)
    page.get_by_role("button", name="Undo", exact=True).click()
    waits_for(page, "c", 1)
    assert [each.verdict for name in "abc" for each in said(storage, name)] == ["right", "unreadable"]


def test_a_line_on_which_no_text_stands(window: Open, server: Served, storage: Filling) -> None:
    page = window(server.address)
    waits_for(page, "a", 1)
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Saved: no text")
    assert [(each.text, each.verdict) for each in said(storage, "a")] == [("", "corrected")]


def test_text_of_documents_is_never_markup(window: Open, tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path / "out"))
    add(storage, tmp_path, "<b", [0.1])
    with served(storage) as running:
        page = window(running.address)
        expect(page.locator("#text")).to_have_value("word <b 0 here")
        expect(page.locator("#words button").nth(1)).to_have_text("<b")


def test_nothing_is_wider_than_the_window_and_everything_has_a_name(window: Open, server: Served) -> None:
    page = window(server.address)
    waits_for(page, "a", 1)
    expect(page.locator("#scan img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, textarea, progress, [role]')].filter(each => !(each.textContent.trim() "
        "|| each.getAttribute('aria-label') || each.labels?.length || each.matches('#alarm, #state'))).length"
    )
    assert unnamed == 0
    expect(page.locator("#keys")).to_contain_text("other readings of the word at the cursor")


def test_it_is_dark_where_the_user_wants_it(browser: Browser, server: Served) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(server.address)
    waits_for(page, "a", 1)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"
    assert page.evaluate("getComputedStyle(document.querySelector('#text')).backgroundColor") == "rgb(21, 24, 28)"
    page.close()
