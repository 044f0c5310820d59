"""The one table in a browser: a press is swapped in, kept by the refresh, undone by back."""

from datetime import UTC, datetime

import pytest

from tests.browser.test_journey import pytestmark  # noqa: F401  the same marks
from tests.browser.test_keys import REFRESH

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def lena(window, stage):
    """Lena's window on the loop. Its clock stands, so that no refresh comes unless a test asks."""
    opened = window()
    opened.page.clock.set_fixed_time(NOON)
    opened.sign_in("lena")
    opened.open("/loop")
    yield opened
    assert opened.complaints == []


def asks(page, query):
    """Wait until the address asks exactly this."""
    page.wait_for_function("query => location.search === query", arg=query)


def test_a_press_in_a_live_part_is_swapped_in_and_the_refresh_keeps_it(lena):
    page = lena.page
    page.evaluate("window.sameDocument = true")
    page.click("th a:has-text('Filed')")
    page.wait_for_selector("th[aria-sort=descending]:has-text('Filed')")
    asks(page, "?sort=-filed")
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.evaluate(REFRESH)
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Filed")
    assert page.evaluate("window.sameDocument"), "the page was not loaded anew"


def test_filters_add_up_leave_nothing_empty_in_the_address_and_back_undoes_them(lena, stage):
    page = lena.page
    page.select_option("[name=state]", "pending")
    asks(page, "?state=pending")
    page.fill("[data-filter]", "swap")
    page.press("[data-filter]", "Enter")
    asks(page, "?q=swap&state=pending")
    page.wait_for_function("document.querySelectorAll('tr[data-row]').length === 1")
    assert stage.swap.title in page.locator("tr[data-row]").inner_text()
    page.go_back()
    page.wait_for_selector("html[data-ready] [data-filter]")
    asks(page, "?state=pending")
    assert page.locator("tr[data-row]").count() == len(stage.queue)
    assert page.input_value("[data-filter]") == ""
    page.click("text=Clear")
    asks(page, "")
