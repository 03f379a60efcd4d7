"""The page of hits in a real browser, at two widths, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from bench.chromium import CHROMIUM
from tests.pipeline.search.conftest import Search

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium; install the package of that name")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def address(search: Search, tmp_path: Path) -> str:
    search("the OR population OR a-very-long-word-that-nobody-ever-wrote-on-a-page", "--html", tmp_path / "hits.html")
    return (tmp_path / "hits.html").as_uri()


@pytest.mark.parametrize("size", [(390, 844), (1440, 1000)])
def test_nothing_is_wider_than_the_window(browser: Browser, address: str, size: tuple[int, int]) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, offline=True)
    page.goto(address)
    expect(page.locator(".hit")).to_have_count(5)
    expect(page.locator(".hit mark").last).to_have_text("lation")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate("[...document.images].every(each => each.naturalWidth > 0 && each.alt)")
    page.close()


def test_it_is_dark_where_the_user_wants_it(browser: Browser, address: str) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(address)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"
    page.close()
