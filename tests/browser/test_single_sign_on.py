"""A person's first day in a real browser: added, given a link, and in by the provider's word."""

import pytest
from django.conf import settings

from scuderia.loop.models.people import Identity
from tests.browser.test_journey import arrive
from tests.browser.test_journey import pytestmark as of_a_journey
from tests.single_sign_on.running import running

pytestmark = of_a_journey
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def provider(monkeypatch):
    with running() as started:
        started.set_up(monkeypatch)
        started.says(asks="a browser", claims={"preferred_username": "nina"})
        yield started


def test_nina_is_added_by_ada_and_comes_in_over_the_provider(window, stage, provider, monkeypatch):
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["localhost"])
    ada = window()
    ada.sign_in("ada")
    ada.page.keyboard.press("g")
    ada.page.keyboard.press("p")
    arrive(ada.page, "People")
    ada.page.click("text=Add a person")
    form = ada.page.locator("dialog[open]")
    form.locator("[name=name]").fill("nina")
    form.locator("[name=role]").select_option("operator")
    form.locator("[name=scope]").fill("customer:demo-aurora")
    form.locator("[name=scope]").press("Enter")
    arrive(ada.page, "nina")

    nina = window(color_scheme="dark")
    nina.page.set_viewport_size(PHONE)
    nina.open("/fleet")
    nina.page.click("text=Sign in with Corp")
    nina.page.click("text=Continue as Vera")
    arrive(nina.page, "Fleet")
    assert nina.page.locator("text=nina").first.is_visible()
    assert nina.page.locator("[data-go=p]").count() == 0
    assert Identity.objects.get().person.get_username() == "nina"
    assert nina.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    ada.open("/people/nina")
    ada.page.click("text=Deactivate")
    ada.page.fill("dialog[open] [name=reason]", "left")
    ada.page.press("dialog[open] [name=reason]", "Enter")
    ada.page.wait_for_selector("text=1 session and 0 tokens have ended")
    nina.open("/sign-in/sso")
    nina.page.click("text=Continue as Vera")
    nina.page.wait_for_selector("text=nina is let in no more")
    told = [one for one in nina.complaints if "403" not in one]
    assert (ada.complaints, told) == ([], [])


def test_people_and_one_person_fit_a_phone_and_the_policy(window, stage):
    ada = window(color_scheme="dark")
    ada.page.set_viewport_size(PHONE)
    ada.sign_in("ada")
    for path in ("/people", "/people/otto", "/people/ada", "/approval-rules"):
        ada.open(path)
        assert ada.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
    ada.open("/people/otto")
    ada.page.click("text=New password link")
    ada.page.click("text=Make the link")
    link = ada.page.locator(".panel--hold .copy").inner_text()
    assert ada.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    otto = window()
    otto.page.goto(link)
    for box in ("new", "again"):
        otto.page.fill(f"[name={box}]", "a fine day 1947")
    otto.page.press("[name=again]", "Enter")
    otto.page.wait_for_selector("text=Your password is set")
    otto.page.fill("[name=username]", "otto")
    otto.page.fill("[name=password]", "a fine day 1947")
    otto.page.press("[name=password]", "Enter")
    arrive(otto.page, "Now")
    assert (ada.complaints, otto.complaints) == ([], [])
