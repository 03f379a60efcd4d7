"""The report in a real browser: opens without errors, its table searches, its viewer highlights, at two widths."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench.chromium import CHROMIUM
from pipeline.corrections.correction import Correction
from pipeline.corrections.table import save
from pipeline.report.command import write_report
from pipeline.storage import LocalStorage
from pipeline.store import read_document
from tests.pipeline.report.made import add_truth, dataset

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium; install the package of that name")
WIDTHS = {"phone": (390, 844), "desk": (1440, 1000)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    output = dataset(tmp_path_factory.mktemp("report"))
    add_truth(output)
    return Path(write_report(output)).as_uri()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    width, height = WIDTHS[request.param]
    opened = browser.new_page(viewport={"width": width, "height": height}, offline=True)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.goto(address)
    yield opened
    opened.close()
    assert errors == []


def test_nothing_is_wider_than_the_window(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.evaluate("window.innerWidth")
    page.locator(".thumbnail").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_search_box_filters(page: Page) -> None:
    rows = page.locator("#page-table tbody tr")
    expect(rows).to_have_count(3)
    page.get_by_label("Search").fill("doubtful LETTER")
    expect(rows).to_have_count(1)
    expect(page.locator("#found")).to_have_text("1 of 3 pages")
    page.get_by_label("Search").fill("nothing of the kind")
    expect(rows).to_have_count(0)


def test_the_table_is_sorted_by_its_headings(page: Page) -> None:
    heading = page.get_by_role("button", name="Expected CER", exact=True)
    heading.click()
    first = page.locator("#page-table tbody tr").first
    expect(first).to_contain_text("letter.png")
    heading.click()
    expect(first).to_contain_text("deed.png")
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")


def test_words_and_their_places_highlight_each_other(page: Page) -> None:
    page.locator(".thumbnail").first.click()
    expect(page.locator("#viewer-title")).to_have_text("letter.png")
    page.locator(".word").nth(1).click()
    expect(page.locator(".place.current")).to_have_count(1)
    assert page.locator(".place").nth(1).evaluate("each => each.classList.contains('current')")
    expect(page.locator("#word")).to_have_text("“letter”, confidence 50 %; or LETTER (13 %)")
    page.locator(".place").nth(3).click()
    expect(page.locator(".word.current")).to_have_text("read")
    assert page.locator("#scan img").evaluate("each => each.naturalWidth") > 0


def test_everything_works_by_keyboard(page: Page) -> None:
    page.locator(".thumbnail").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#viewer-title")).to_be_focused()
    page.locator(".word").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".word.current")).to_have_text("letter")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".word.current")).to_have_text("and")
    page.keyboard.press("n")
    expect(page.locator("#viewer-title")).to_have_text("deed.png")
    page.keyboard.press("p")
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    expect(page.locator(".thumbnail").first).to_be_focused()


def test_readings_stand_side_by_side(page: Page) -> None:
    page.locator(".thumbnail").first.click()
    page.get_by_role("tab", name="Side by side").click()
    head = page.locator(".beside thead th")
    expect(head).to_have_text(["Truth", "Inkbeam", "Tesseract"])
    expect(page.locator(".beside tbody tr").first.locator("mark")).to_have_text(["is"])
    expect(page.locator("#panel-text")).to_be_hidden()


def test_it_is_dark_where_the_user_wants_it(browser: Browser, address: str) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(address)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"
    page.close()


def test_every_control_has_a_name(page: Page) -> None:
    page.locator(".thumbnail").first.click()
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, input, [role]')].filter(each => !(each.textContent.trim() "
        "|| each.getAttribute('aria-label') || each.labels?.length || each.getAttribute('role') === 'status')).length"
    )
    assert unnamed == 0


def test_what_a_person_said_is_told_from_what_was_read(browser: Browser, tmp_path: Path) -> None:
    storage = LocalStorage(dataset(tmp_path))
    deed = read_document(storage, "default", "deed-00000000")
    save(storage, Correction.of(deed, deed.pages[0], 0, "corrected", "the deed was read", time=1.0, who="Ann"))
    opened = browser.new_page(offline=True)
    opened.goto(Path(write_report(storage.root)).as_uri())
    opened.locator(".thumbnail", has_text="deed.png").click()
    expect(opened.locator("#text p.corrected")).to_have_count(1)
    expect(opened.locator("#scan .outline.corrected")).to_have_count(1)
    opened.locator("#text .word", has_text="was").click()
    expect(opened.locator("#word")).to_have_text("“was”, by Ann (inkbeam correct)")
    opened.close()
