"""Passwords set anew and changed, people let in no more and again, and who may do that."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from scuderia.basics.actors import BY_COMMAND_LINE, Actor, ActorKind
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.people import ApiToken
from scuderia.loop.nouns import Power, Role
from scuderia.loop.operations import audit, passwords, people
from scuderia.loop.queries import access
from tests.loop.factories import NOW, later, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
FIRST, SECOND = "maranello-1947", "fiorano-1972"
REFUSED_THERE = {
    "oscar": NotFound, "acme-op": NotFound, "birch-lead": NotFound, "vera": NotAuthorised,
    "omar": NotAuthorised, "lena": NotAuthorised,
}  # fmt: skip


def verbs(about):
    found = AuditEntry.objects.filter(subject=f"person:{about}").order_by("seq")
    return [entry.verb for entry in found if entry.verb != "role.given"]


def set_password(who="omar", to=FIRST, by="ada", **come):
    passwords.set_password(actor=person(by, **come), person=who, password=to, now=NOW)


def deactivate(who="omar", by="ada"):
    people.deactivate_person(actor=person(by), person=who, reason="left", now=NOW, wall=later(1))


def reactivate(who="omar", by="ada"):
    people.reactivate_person(actor=person(by), person=who, now=NOW)


def signed_in(name="omar"):
    client = Client()
    client.force_login(get_user_model().objects.get(username=name))
    assert is_in(client)
    return client


def is_in(client):
    return client.get("/password").status_code == 200


def opens(name, password):
    return Client().login(username=name, password=password)


def token_of(name):
    return people.issue_token(
        actor=person(name), person=name, name="laptop", powers=list(Power), scope=EVERYTHING,
        expires_at=later(24), now=NOW,
    ).secret  # fmt: skip


@pytest.mark.parametrize("act", [set_password, deactivate, reactivate])
@pytest.mark.parametrize("by", REFUSED_THERE)
def test_only_who_manages_all_people_sets_passwords_and_deactivates(act, by):
    session = signed_in()
    with pytest.raises(REFUSED_THERE[by]):
        act(by=by)
    assert is_in(session)
    assert verbs("omar") == ["person.created"]


@pytest.mark.parametrize("kind", [ActorKind.AGENT, ActorKind.SERVICE])
def test_no_machine_sets_a_password_or_deactivates_not_even_set_up(kind):
    machine = Actor(kind, "setup")
    for call in (
        lambda: passwords.set_password(actor=machine, person="omar", password=FIRST, now=NOW),
        lambda: passwords.change_password(actor=machine, old="", new=FIRST, now=NOW),
        lambda: people.reactivate_person(actor=machine, person="omar", now=NOW),
        lambda: people.deactivate_person(
            actor=machine, person="omar", reason="x", now=NOW, wall=NOW
        ),
    ):
        with pytest.raises(NotAuthorised):
            call()


def test_an_admin_of_one_customer_sets_no_password_of_anybody():
    acme = SubjectRef("customer", "acme")
    people.give_role(actor=person("ada"), person="lena", role=Role.ADMIN, scope=acme, now=NOW)
    with pytest.raises(NotAuthorised):
        set_password(by="lena")
    with pytest.raises(NotAuthorised):
        deactivate(by="lena")


def test_a_token_without_the_power_sets_no_password():
    people.issue_token(
        actor=person("ada"), person="ada", name="reader", powers=[Power.READ], scope=EVERYTHING,
        expires_at=later(24), now=NOW,
    )  # fmt: skip
    with pytest.raises(NotAuthorised):
        set_password(via="reader")


def test_a_password_set_anew_opens_ends_every_session_and_is_in_the_audit():
    set_password(to=FIRST)
    session = signed_in()
    set_password(to=SECOND)
    assert not is_in(session)
    assert opens("omar", SECOND)
    assert not opens("omar", FIRST)
    assert verbs("omar")[-2:] == ["person.password_set"] * 2
    written = str(list(AuditEntry.objects.values()))
    assert FIRST not in written
    assert SECOND not in written
    assert audit.verify().holds


@pytest.mark.parametrize("weak", ["short-1", "password", "x" * 501])
def test_a_weak_or_unreadably_long_password_is_refused_and_the_old_one_stays(weak):
    set_password()
    with pytest.raises(passwords.BadPassword):
        set_password(to=weak)
    with pytest.raises(people.BadPerson):
        people.create_person(actor=person("ada"), name="new", password=weak, now=NOW)
    assert opens("omar", FIRST)


def test_ones_own_password_asks_for_the_old_one_except_at_the_homes_own_command_line():
    with pytest.raises(NotAuthorised):
        set_password("ada")
    token_of("ada")
    with pytest.raises(NotAuthorised):
        set_password("ada", via="laptop")
    set_password("ada", via=BY_COMMAND_LINE)
    assert opens("ada", FIRST)


def test_a_person_changes_their_own_with_the_old_one_and_never_by_a_token():
    set_password()
    with pytest.raises(passwords.WrongPassword):
        passwords.change_password(actor=person("omar"), old=SECOND, new=SECOND, now=NOW)
    with pytest.raises(NotAuthorised):
        passwords.change_password(
            actor=person("omar", via="laptop"), old=FIRST, new=SECOND, now=NOW
        )
    assert opens("omar", FIRST)
    passwords.change_password(actor=person("omar"), old=FIRST, new=SECOND, now=NOW)
    assert opens("omar", SECOND)
    assert verbs("omar")[-1] == "person.password_changed"


def test_the_page_keeps_this_session_and_ends_the_others():
    set_password()
    here, elsewhere = signed_in(), signed_in()
    form = {"old": FIRST, "new": SECOND, "again": SECOND}
    wrong = here.post("/password", form | {"old": "no"})
    twisted = here.post("/password", form | {"again": FIRST})
    for refused, code in ((wrong, "LOOP-033"), (twisted, "LOOP-032")):
        assert refused.status_code == 422
        assert code in refused.content.decode()
        assert SECOND not in refused.content.decode()
    assert is_in(elsewhere)
    assert here.post("/password", form).status_code == 303
    assert is_in(here)
    assert not is_in(elsewhere)
    assert opens("omar", SECOND)


def test_who_is_deactivated_comes_in_no_more_by_session_token_or_password():
    set_password()
    session, secret = signed_in(), token_of("omar")
    deactivate()
    assert not is_in(session)
    assert people.authenticate_token(secret, now=NOW) is None
    assert not opens("omar", FIRST)
    assert access.scopes_with(person("omar"), Power.READ) == frozenset()
    entry = AuditEntry.objects.latest("seq")
    assert (entry.verb, entry.reason, entry.detail) == (
        "person.deactivated", "left", '{"sessions":1,"tokens":["laptop"]}',
    )  # fmt: skip


def test_who_is_let_in_again_finds_the_old_session_token_and_password_ended():
    set_password()
    session, secret = signed_in(), token_of("omar")
    deactivate()
    reactivate()
    assert not is_in(session)
    assert people.authenticate_token(secret, now=NOW) is None
    assert not opens("omar", FIRST)
    assert access.scopes_with(person("omar"), Power.READ) == frozenset({"*"})
    set_password(to=SECOND)
    assert opens("omar", SECOND)
    assert verbs("omar")[-2:] == ["person.reactivated", "person.password_set"]


def test_a_token_that_was_revoked_before_keeps_its_instant():
    token_of("omar")
    people.revoke_token(actor=person("omar"), person="omar", name="laptop", now=NOW)
    deactivate()
    assert ApiToken.objects.get().revoked_at == NOW


def test_doing_it_again_changes_nothing():
    reactivate()
    deactivate()
    deactivate()
    assert verbs("omar") == ["person.created", "person.deactivated"]


def test_the_last_admin_stays_one_until_there_is_another():
    ada = person("ada")
    for call in (
        lambda: deactivate("ada"),
        lambda: people.take_role(actor=ada, person="ada", scope=EVERYTHING, now=NOW),
        lambda: people.give_role(
            actor=ada, person="ada", role=Role.LEAD, scope=EVERYTHING, now=NOW
        ),
    ):
        with pytest.raises(people.LastAdmin):
            call()
    people.give_role(actor=ada, person="ada", role=Role.ADMIN, scope=EVERYTHING, now=NOW)
    people.give_role(actor=ada, person="lena", role=Role.ADMIN, scope=EVERYTHING, now=NOW)
    deactivate("ada", by="lena")
    with pytest.raises(people.LastAdmin):  # an admin who may not come in is none
        deactivate("lena", by="lena")


def test_a_scoped_role_of_the_last_admin_can_be_taken():
    ada, acme = person("ada"), SubjectRef("customer", "acme")
    people.give_role(actor=ada, person="ada", role=Role.LEAD, scope=acme, now=NOW)
    people.take_role(actor=ada, person="ada", scope=acme, now=NOW)


def uses():
    return AuditEntry.objects.filter(verb="token.used")


def test_a_tokens_use_is_in_the_audit_at_first_and_then_once_a_minute():
    secret = token_of("omar")
    for seconds in (0, 1, 59.9, 60, 61):
        people.authenticate_token(secret, now=NOW + timedelta(seconds=seconds))
    assert [entry.at for entry in uses().order_by("seq")] == [NOW, NOW + timedelta(minutes=1)]
    last = uses().latest("seq")
    assert (last.actor, last.via, last.subject) == ("person:omar", "laptop", "person:omar")
    assert secret.rpartition("_")[2] not in last.detail
    people.authenticate_token(secret[:-1] + "x", now=later(1))
    assert uses().count() == 2
    assert audit.verify().holds


def test_two_processes_that_saw_the_same_last_use_note_it_once():
    secret = token_of("omar")
    stale = ApiToken.objects.get()
    people.authenticate_token(secret, now=NOW)
    people._note_use(stale, person("omar", via="laptop"), NOW)
    assert uses().count() == 1
