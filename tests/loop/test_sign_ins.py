"""Sign-ins: what is audited, who waits after wrong passwords. Time is handed in, never slept."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.clock import FixedClock
from scuderia.loop.engine.sign_ins import (
    FIRST_WAIT,
    FREE_PER_ADDRESS,
    FREE_PER_NAME,
    LONGEST_WAIT,
    WINDOW,
    Failures,
    held_until,
    network_of,
)
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.people import SignInFailure
from scuderia.loop.operations import audit, passwords, patience, sign_ins
from scuderia.loop.pages import sign_ins as pages
from scuderia.loop.ports import registry
from tests.loop.factories import NOW, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast", "wall")]
RIGHT, WRONG = "maranello-1947", "Monza-is-not-it-1971"
HERE, THERE = "192.0.2.1", "198.51.100.7"
NONE = Failures(0, None)
SECOND = timedelta(seconds=1)


@pytest.fixture
def wall(monkeypatch):
    clock = FixedClock(NOW)
    monkeypatch.setattr(registry, "wall", clock)
    for name in ("omar", "lena"):
        passwords.set_password(actor=person("ada"), person=name, password=RIGHT, now=NOW)
    return clock


def pass_by(wall, seconds):
    wall.at += timedelta(seconds=seconds)


def attempt(name="omar", password=RIGHT, address=HERE):
    form = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post("/sign-in", form)


def status(*args, **given):
    return attempt(*args, **given).status_code


def fail(times, name="omar", address=HERE):
    assert {status(name, WRONG, address) for _ in range(times)} <= {401}


def fail_from_address(address=HERE):
    for number in range(FREE_PER_ADDRESS):
        fail(1, f"guess-{number}", address)


def audited(verb):
    found = AuditEntry.objects.filter(verb=verb).order_by("seq")
    return [(row.actor, row.subject, json.loads(row.detail)) for row in found]


# --- the rule -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "seconds"), [
    (4, None), (5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (11, 900), (9999, 900),
])  # fmt: skip
def test_the_wait_of_a_name_doubles_up_to_a_quarter_of_an_hour(count, seconds):
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert held_until(Failures(count, NOW), NONE) == expected


@given(st.integers(0, 10_000))
def test_an_address_alone_holds_nobody_back(count):
    assert held_until(NONE, Failures(count, NOW)) is None


@pytest.mark.parametrize(("count", "seconds"), [(19, None), (20, 30), (21, 60), (9999, 900)])
def test_an_address_holds_back_a_name_that_failed_itself(count, seconds):
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert held_until(Failures(1, NOW), Failures(count, NOW)) == expected


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_longer_of_two_waits_holds(names, addresses):
    by_name, by_address = Failures(names, NOW), Failures(addresses, NOW - FIRST_WAIT)
    alone, both = held_until(by_name, NONE), held_until(by_name, by_address)
    assert (both or NOW) >= (alone or NOW)
    assert (both or NOW) <= NOW + LONGEST_WAIT


@pytest.mark.parametrize(("address", "network"), [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
    ("", ""), ("x" * 99, "x" * 64),
])  # fmt: skip
def test_an_ipv6_host_is_counted_by_the_network_it_may_walk_through(address, network):
    assert network_of(address) == network


# --- at the page --------------------------------------------------------------------------------


def test_the_right_password_waits_too_and_says_how_long(wall):
    fail(FREE_PER_NAME)
    held = attempt()
    assert (held.status_code, held.headers["Retry-After"]) == (429, "30")
    assert "wait 30 seconds" in held.content.decode()
    pass_by(wall, 29.5)
    assert attempt().headers["Retry-After"] == "1"
    pass_by(wall, 0.5)
    assert status() == 303


def test_waits_grow_and_what_was_held_back_does_not_count(wall):
    fail(FREE_PER_NAME)
    for wait in (30, 60, 120, 240, 480, 900, 900):
        assert [status(password=WRONG) for _ in range(3)] == [429] * 3
        pass_by(wall, wait)
        fail(1)


def test_a_failure_counts_for_a_sliding_hour(wall):
    fail(FREE_PER_NAME - 1)
    pass_by(wall, WINDOW.total_seconds() - 1)
    fail(1)
    assert status() == 429
    pass_by(wall, 1)
    assert status() == 303


def test_failures_that_count_no_more_are_not_kept(wall):
    fail(3)
    pass_by(wall, WINDOW.total_seconds())
    fail(1, "lena")
    assert SignInFailure.objects.count() == 1


def test_a_name_is_counted_across_addresses_and_spellings():
    fail(2, "Omar", HERE)
    fail(2, "\uff4fmar", THERE)
    fail(1, "omar", THERE)
    assert status(address=HERE) == 429
    assert status("lena", address=HERE) == 303


def test_a_right_password_gets_in_from_an_address_where_others_failed():
    fail_from_address()
    assert status("lena") == 303
    fail(1, "omar", THERE)
    assert status("omar") == 429
    assert status("omar", address=THERE) == 303


def test_a_name_is_guessed_once_from_an_address_where_many_failed(wall):
    fail_from_address()
    assert [status("lena", WRONG), status("lena", WRONG)] == [401, 429]


def test_a_success_forgets_the_names_failures_and_no_other_names():
    fail(FREE_PER_NAME - 1)
    fail(FREE_PER_NAME, "lena")
    assert status() == 303
    fail(FREE_PER_NAME - 1)
    assert status() == 303
    assert status("lena") == 429


def test_an_unknown_name_is_told_the_same_words_at_every_attempt():
    def told(name):
        answers = [attempt(name, WRONG, address=name) for _ in range(FREE_PER_NAME + 1)]
        shown = [answer.content.decode().replace(name, "N") for answer in answers]
        masked = [text[text.index("</header>") :] for text in shown]
        return [(answer.status_code, _without_csrf(text)) for answer, text in zip(
            answers, masked, strict=True)]  # fmt: skip

    assert told("omar") == told("nobody-here")
    get_user_model().objects.filter(username="lena").update(is_active=False)
    assert told("lena") == told("nobody-there")


def _without_csrf(text):
    before, _, after = text.partition('name="csrfmiddlewaretoken" value="')
    return before + after[64:]


def test_a_new_password_by_an_admin_lets_a_held_name_in():
    fail(FREE_PER_NAME)
    passwords.set_password(actor=person("ada"), person="omar", password="fiorano-1972", now=NOW)
    assert status(password="fiorano-1972") == 303


def test_the_old_password_is_not_guessed_on_the_password_page_either():
    client = Client(REMOTE_ADDR=HERE)
    client.force_login(get_user_model().objects.get(username="omar"))
    form = {"old": RIGHT, "new": "short", "again": "short"}
    assert {client.post("/password", form).status_code for _ in range(9)} == {422}
    wrong = form | {"old": WRONG, "new": "fiorano-1972", "again": "fiorano-1972"}
    codes = [client.post("/password", wrong).status_code for _ in range(FREE_PER_NAME + 1)]
    assert codes == [422] * FREE_PER_NAME + [409]
    assert status() == 429
    assert len(audited("person.sign_in_failed")) == FREE_PER_NAME


# --- the audit ----------------------------------------------------------------------------------


def test_sign_ins_failures_and_sign_outs_are_in_the_audit_without_a_password():
    client = Client(REMOTE_ADDR=HERE)
    client.post("/sign-in", {"username": "omar", "password": WRONG})
    client.post("/sign-in", {"username": "omar", "password": RIGHT})
    client.post("/sign-out")
    client.post("/sign-out")
    came = ("person:omar", "person:omar", {"address": HERE})
    assert audited("person.sign_in_failed") == [("service:sign-in", *came[1:])]
    assert audited("person.signed_in") == audited("person.signed_out") == [came]
    written = str(list(AuditEntry.objects.values()))
    assert RIGHT not in written
    assert WRONG not in written
    assert audit.verify().holds


@pytest.mark.parametrize("name", ["", "x" * 9000, "a\x00b", "person:*", "\ud800"])
def test_a_name_of_any_kind_is_audited_within_bounds(name):
    sign_ins.begin_attempt(name=name, address="?" * 99, wall=NOW)
    sign_ins.refuse_sign_in(name=name, address="?" * 99, now=NOW)
    ((_, subject, detail),) = audited("person.sign_in_failed")
    assert len(subject) <= len("person:") + 150
    assert detail == {"address": "?" * 64}
    assert "\x00" not in subject


def test_nobody_comes_in_whose_sign_in_cannot_be_put_on_record(monkeypatch):
    def busy(*_given, **_more):
        raise OperationalError("database is locked")

    monkeypatch.setattr(audit, "record", busy)
    client = Client()
    answer = client.post("/sign-in", {"username": "omar", "password": RIGHT})
    assert (answer.status_code, "WEB-011" in answer.content.decode()) == (503, True)
    assert client.get("/password").status_code == 302


def test_a_sign_in_waits_for_the_writer_less_than_the_usual(monkeypatch):
    waits = []
    real = sign_ins.waiting_at_most
    monkeypatch.setattr(
        sign_ins, "waiting_at_most", lambda seconds: waits.append(seconds) or real(seconds)
    )
    client = Client()
    client.post("/sign-in", {"username": "omar", "password": WRONG})
    client.post("/sign-in", {"username": "omar", "password": RIGHT})
    client.post("/sign-out")
    assert waits == [sign_ins.TURN_WITHIN_S] * 5
    assert sum(waits[:2]) < 30


def test_a_session_is_written_within_the_same_bound_as_the_sign_in(monkeypatch):
    waits, real = [], patience.waiting_at_most
    for module in (pages, patience):
        monkeypatch.setattr(
            module, "waiting_at_most", lambda seconds: waits.append(seconds) or real(seconds)
        )
    client = Client()
    client.post("/sign-in", {"username": "omar", "password": RIGHT})
    assert waits == [sign_ins.TURN_WITHIN_S] * 2  # as it is opened, and as the answer leaves
    client.get("/password")
    assert len(waits) == 2
    client.post("/sign-out")
    assert waits == [sign_ins.TURN_WITHIN_S] * 4


@pytest.mark.parametrize("method", ["create", "save"])
def test_who_cannot_be_given_a_session_in_time_is_told_to_come_again(monkeypatch, method):
    def busy(*_given, **_more):
        raise OperationalError("database is locked")

    monkeypatch.setattr(SessionStore, method, busy)
    client = Client()
    answer = client.post("/sign-in", {"username": "omar", "password": RIGHT})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "WEB-011" in answer.content.decode()
    monkeypatch.undo()
    assert client.get("/password").status_code == 302


@pytest.mark.parametrize(("seconds", "words"), [
    (1, "1 second"), (30, "30 seconds"), (90, "90 seconds"), (91, "2 minutes"), (900, "15 minutes"),
])  # fmt: skip
def test_a_wait_is_told_never_shorter_than_it_is(seconds, words):
    assert sign_ins.told_wait(seconds) == words
