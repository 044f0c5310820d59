"""Single keys in a real browser: heard right after a dialog, kept through a refresh."""

from datetime import UTC, datetime

import pytest

from tests.browser.test_journey import arrive, pytestmark  # noqa: F401  the same marks

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CHOSEN = "[data-row][aria-selected=true]"

CLOSE_AND_PRESS = """key => {
  document.querySelector("dialog[open]").close();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}"""
REFRESH = """() => new Promise((done) => {
  document.addEventListener("htmx:afterSettle", () => done(), { once: true });
  htmx.trigger("[data-live]", "refresh");
})"""
TYPE_BETWEEN = """(key) => new Promise((done) => {
  document.addEventListener("htmx:beforeSwap", () => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true })), { once: true });
  document.addEventListener("htmx:afterSettle", () => done(), { once: true });
  htmx.trigger("[data-live]", "refresh");
})"""
SHOW_KEYS = "document.querySelector('[data-dialog=keys]').showModal()"
COUNT_GOING = """() => {
  window.going = 0;
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-go]")) { window.going += 1; event.preventDefault(); }
  }, true);
}"""


@pytest.fixture
def lena(window, stage):
    """Lena's window on Now. Its clock stands, so that no refresh comes unless a test asks."""
    opened = window()
    opened.page.clock.set_fixed_time(NOON)
    opened.sign_in("lena")
    yield opened
    assert opened.complaints == []


def slow_down(page, times):
    """Give the page a CPU that many times slower."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})


def chosen_title(page):
    """Return the title of the one chosen row."""
    assert page.locator(CHOSEN).count() == 1
    return page.locator(f"{CHOSEN} a").first.inner_text()


def has_focus(page):
    """Say whether the chosen row's link has the focus."""
    return page.evaluate(f'document.activeElement === document.querySelector("{CHOSEN} a")')


def open_keys(page):
    page.keyboard.press("?")
    page.wait_for_selector("dialog[data-dialog=keys][open]")


def test_keys_move_open_and_close(lena, stage):
    page = lena.page
    open_keys(page)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert chosen_title(page) == stage.queue[1].title
    page.keyboard.press("k")
    assert chosen_title(page) == stage.queue[0].title
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    arrive(page, stage.queue[1].title)
    page.keyboard.press("g")
    page.keyboard.press("f")
    arrive(page, "Fleet")
    page.keyboard.press("/")
    page.keyboard.type("r04")
    page.keyboard.press("Enter")
    page.wait_for_url("**/fleet?*q=r04*")
    arrive(page, "Fleet")
    page.keyboard.press("Control+k")
    page.locator("[data-search-box]").fill("aud")
    page.keyboard.press("Enter")
    arrive(page, "Audit")


def test_a_key_in_the_tick_that_closes_a_dialog_is_heard(lena, stage):
    page = lena.page
    open_keys(page)
    page.evaluate(CLOSE_AND_PRESS, "j")
    assert chosen_title(page) == stage.queue[0].title
    page.keyboard.press("Control+k")
    page.locator("[data-search-box]").fill("no such page")
    page.evaluate(CLOSE_AND_PRESS, "j")
    assert chosen_title(page) == stage.queue[1].title


def test_keys_do_nothing_behind_an_open_dialog_or_in_a_field(lena):
    page = lena.page
    open_keys(page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.locator(CHOSEN).count() == 0
    page.keyboard.press("Escape")
    page.goto(f"{lena.address}/fleet", wait_until="networkidle")
    page.locator("[data-filter]").focus()
    page.keyboard.press("j")
    assert page.locator(CHOSEN).count() == 0
    assert page.locator("[data-filter]").input_value() == "j"


def test_a_refresh_between_two_presses_keeps_the_row_and_its_focus(lena, stage):
    page = lena.page
    page.keyboard.press("j")
    old = page.locator(CHOSEN).element_handle()
    page.evaluate(REFRESH)
    assert not page.evaluate("(row) => row.isConnected", old), "the refresh replaced the row"
    assert chosen_title(page) == stage.queue[0].title
    assert has_focus(page)
    page.keyboard.press("j")
    assert chosen_title(page) == stage.queue[1].title
    page.keyboard.press("Enter")
    arrive(page, stage.queue[1].title)


def test_a_refresh_keeps_the_row_when_the_focus_has_left_it(lena, stage):
    page = lena.page
    page.keyboard.press("j")
    page.evaluate("document.activeElement.blur()")
    page.evaluate(REFRESH)
    assert chosen_title(page) == stage.queue[0].title
    assert not has_focus(page), "a refresh takes the focus from nobody"
    page.keyboard.press("j")
    assert chosen_title(page) == stage.queue[1].title


def test_a_press_while_a_refresh_is_under_way_is_kept(lena, stage):
    page = lena.page
    page.evaluate(TYPE_BETWEEN, "j")
    assert chosen_title(page) == stage.queue[0].title
    assert has_focus(page)


def test_a_row_that_leaves_hands_the_choice_to_its_place(lena, stage):
    page = lena.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    gone = page.locator(CHOSEN).get_attribute("data-key")
    page.route("**/", lambda route: route.fulfill(body=_without(route.fetch().text(), gone)))
    page.evaluate(REFRESH)
    assert chosen_title(page) == stage.queue[2].title


def test_a_slow_machine_loses_no_key(lena, stage):
    page = lena.page
    slow_down(page, 20)
    open_keys(page)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.evaluate(REFRESH)
    page.keyboard.press("j")
    page.evaluate(REFRESH)
    page.keyboard.press("j")
    assert chosen_title(page) == stage.queue[2].title


def test_the_age_says_when_the_page_was_refreshed_not_when_it_tried(lena):
    page = lena.page
    open_keys(page)  # nothing is refreshed under an open dialog
    page.clock.set_fixed_time(NOON.replace(minute=5))
    page.wait_for_selector("[data-as-of-age]:text('300 s ago')")
    page.keyboard.press("Escape")
    page.evaluate(REFRESH)
    page.wait_for_selector("[data-as-of-age]:text('0 s ago')")


def test_single_keys_can_be_switched_off_and_on(lena):
    page = lena.page
    page.evaluate(COUNT_GOING)
    for going in (0, 1):
        open_keys(page) if not going else page.evaluate(
            "document.querySelector('[data-dialog=keys]').showModal()"
        )
        page.click("[data-keys-toggle]")
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        page.keyboard.press("f")
        assert page.evaluate("window.going") == going


def _without(document, key):
    """Return the page without the row of that key."""
    before, _, rest = document.partition(f'data-key="{key}"')
    return before[: before.rindex("<li")] + rest[rest.index("</li>") + len("</li>") :]
