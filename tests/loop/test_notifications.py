"""Subscribers are told of what they may read, at least once each, and of nothing else."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from typer.testing import CliRunner

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.errors import NotAuthorised, NotFound, Unable
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.commands.subscriptions import app
from scuderia.loop.models.subscriptions import Notification, Subscription
from scuderia.loop.nouns import Role
from scuderia.loop.operations import audit, notifications, people, subscriptions
from scuderia.loop.operations.notifications import collect_notifications, send_notifications
from scuderia.loop.operations.subscriptions import (
    BadSubscription,
    NoSuchChannel,
    TooManySubscriptions,
    end_subscription,
    signing_key,
    subscribe,
)
from scuderia.loop.ports import registry
from scuderia.loop.queries.subscriptions import list_subscriptions
from tests.loop.factories import NOW, person

ADA, LENA, BIRCH = map(person, ("ada", "lena", "birch-op"))
OMAR = person("acme-op")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
MINUTE = timedelta(minutes=1)


class Pigeons:
    """A channel that keeps what it was told, or fails."""

    at_once = 2

    def __init__(self):
        self.told, self.failing = [], False

    def refuse(self, address):
        if "@" not in address:
            raise BadSubscription("no address", field="address")

    def send(self, message):
        if self.failing:
            raise Unable("the loft is shut")
        self.told.append((message.address, [event.subject for event in message.events]))

    def signing_key(self, subscription):
        return f"key of {subscription}"


@pytest.fixture
def pigeons(hall, monkeypatch):
    loft = Pigeons()
    monkeypatch.setattr(registry, "channels", {"pigeon": loft})
    return loft


def ask(who=OMAR, verbs=("valve",), **changes):
    told = {"channel": "pigeon", "address": "omar@acme", "now": NOW} | changes
    return subscribe(actor=who, verbs=verbs, **told)


def happens(subject, *, verb="valve.turned", owner="acme", count=1):
    lineage = frozenset({EVERYTHING, SubjectRef("customer", owner), SubjectRef.parse(subject)})
    with transaction.atomic():
        for _ in range(count):
            audit.record(ADA, verb, subject=subject, at=NOW, lineage=lineage, reason="a drill")


def tell(at=NOW):
    collect_notifications(wall=at)
    return send_notifications(wall=at)


def test_a_subscriber_is_told_of_what_they_may_read_from_then_on_once_each(pigeons):
    happens("valve:v0")
    ask()
    happens("valve:v1")
    happens("valve:v3", owner="birch")
    happens("valve:v2", verb="hall.swept")
    assert tell() == 1
    assert pigeons.told == [("omar@acme", ["valve:v1"])]
    assert tell() == 0
    happens("valve:v2", count=3)
    assert tell() == 3
    assert [len(subjects) for _, subjects in pigeons.told[1:]] == [2, 1]


def test_a_verb_is_named_by_whole_words(pigeons):
    ask(verbs=("valve.turn",))
    happens("valve:v1")
    assert tell() == 0
    ask(verbs=("valve.turned",))
    happens("valve:v2")
    assert tell() == 1


def test_a_contact_is_told_of_one_subject_alone_within_the_reach_of_who_set_it(pigeons):
    ask(who=LENA, address="contact@acme", about="customer:acme")
    happens("valve:v1")
    happens("valve:v3", owner="birch")
    assert tell() == 1
    assert pigeons.told == [("contact@acme", ["valve:v1"])]
    with pytest.raises(NotFound):
        ask(about="customer:birch")
    with pytest.raises(NotFound):
        ask(about="nonsense:x")


def test_whose_reach_is_gone_is_told_nothing_and_the_list_says_so(pigeons):
    ask()
    people.deactivate_person(actor=ADA, person="acme-op", reason="left", now=NOW, wall=NOW)
    happens("valve:v1")
    assert tell() == 0
    (row,) = list_subscriptions(ADA)
    assert row.is_deaf


def test_what_fails_is_tried_again_later_and_later_and_given_up_in_the_end(pigeons):
    ask()
    happens("valve:v1")
    pigeons.failing = True
    assert tell() == 0
    (row,) = list_subscriptions(OMAR)
    assert (row.waiting, row.said) == (1, "the loft is shut")
    assert send_notifications(wall=NOW + MINUTE / 2) == 0
    assert Notification.objects.get().tries == 1
    at = NOW
    for tries in range(2, notifications.TRIES_MAX + 1):
        at = Notification.objects.get().next_at
        send_notifications(wall=at)
        assert Notification.objects.get().tries == tries
    (row,) = list_subscriptions(OMAR)
    assert (row.waiting, row.given_up) == (0, 1)
    pigeons.failing = False
    assert send_notifications(wall=at + timedelta(days=1)) == 0
    happens("valve:v2")
    assert tell(at + timedelta(days=1)) == 1


def test_a_worker_that_dies_while_sending_leaves_it_to_the_next(pigeons, monkeypatch):
    class Crash(BaseException):
        pass

    def dies(message):
        raise Crash

    ask()
    happens("valve:v1")
    monkeypatch.setattr(pigeons, "send", dies)
    with pytest.raises(Crash):
        tell()
    monkeypatch.undo()
    monkeypatch.setattr(registry, "channels", {"pigeon": pigeons})
    assert send_notifications(wall=NOW + MINUTE) == 0
    assert send_notifications(wall=NOW + notifications.LEASE) == 1
    assert len(pigeons.told) == 1


def test_while_too_many_wait_the_rest_waits_in_the_chain_and_nothing_is_lost(pigeons, monkeypatch):
    monkeypatch.setattr(notifications, "WAITING_MAX", 5)
    monkeypatch.setattr(notifications, "COLLECTED_MAX", 3)
    ask()
    happens("valve:v1", count=11)
    for _ in range(4):
        collect_notifications(wall=NOW)
    assert Notification.objects.count() == 5
    told = 0
    for _ in range(6):
        told += tell()
    assert told == 11
    assert Notification.objects.values("entry").distinct().count() == 11


def test_an_ended_subscription_sends_not_even_what_waits(pigeons):
    made = ask()
    happens("valve:v1")
    collect_notifications(wall=NOW)
    with pytest.raises(NotFound):
        end_subscription(actor=BIRCH, subscription_id=made, now=NOW)
    end_subscription(actor=OMAR, subscription_id=made, now=NOW)
    assert send_notifications(wall=NOW) == 0
    assert list_subscriptions(OMAR) == ()
    with pytest.raises(NotFound):
        end_subscription(actor=OMAR, subscription_id=made, now=NOW)


def test_each_sees_their_own_and_an_admin_sees_and_ends_all(pigeons):
    made = ask()
    ask(who=LENA)
    assert [row.person for row in list_subscriptions(OMAR)] == ["acme-op"]
    assert {row.person for row in list_subscriptions(ADA)} == {"acme-op", "lena"}
    end_subscription(actor=ADA, subscription_id=made, now=NOW)
    assert [row.person for row in list_subscriptions(ADA)] == ["lena"]


@pytest.mark.parametrize(
    "who",
    [
        Actor(ActorKind.AGENT, "scout"),
        Actor(ActorKind.SERVICE, "worker"),
        Actor(ActorKind.PERSON, "omar", "token:t"),
        person("oscar"),
    ],
)
def test_no_machine_no_token_and_no_stranger_subscribes(pigeons, who):
    with pytest.raises((NotAuthorised, NotFound)):
        ask(who=who)
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("verbs", [(), ("",), ("*",), ("valve%",), ("Valve",), ("b c",)])
def test_what_is_told_is_named_by_verbs(pigeons, verbs):
    with pytest.raises(BadSubscription):
        ask(verbs=verbs)


def test_bounds_and_unknown_channels_are_refused(pigeons):
    with pytest.raises(NoSuchChannel):
        ask(channel="email")
    with pytest.raises(BadSubscription):
        ask(address="nowhere")
    for _ in range(subscriptions.A_PERSON_MAX):
        ask()
    with pytest.raises(TooManySubscriptions):
        ask()
    ask(who=LENA)


def test_the_key_is_told_to_whoever_set_it_alone(pigeons):
    made = ask()
    assert signing_key(OMAR, made) == f"key of {made}"
    with pytest.raises(NotFound):
        signing_key(ADA, made)


def test_a_channel_that_is_set_up_no_more_is_a_failure_that_is_told(pigeons, monkeypatch):
    ask()
    happens("valve:v1")
    monkeypatch.setattr(registry, "channels", {})
    assert tell() == 0
    (row,) = list_subscriptions(OMAR)
    assert "set up" in row.said


def test_a_role_taken_back_narrows_what_is_told(pigeons):
    ask(who=LENA)
    people.take_role(actor=ADA, person="lena", scope=EVERYTHING, now=NOW)
    happens("valve:v1")
    birch = SubjectRef("customer", "birch")
    people.give_role(actor=ADA, person="lena", role=Role.VIEWER, scope=birch, now=NOW)
    happens("valve:v3", owner="birch")
    tell()
    assert [subjects for _, subjects in pigeons.told] == [["valve:v3"]]


def test_by_command_one_is_added_listed_and_ended(pigeons, monkeypatch, capsys):
    monkeypatch.setattr(registry, "channels", {"webhook": pigeons})
    run = CliRunner()

    def typed(*words):
        answer = run.invoke(app, [*words, "--as", "lena"])
        assert answer.exit_code == 0, answer.output
        return answer.output

    told = json.loads(
        typed("add", "--on", "valve", "--webhook", "x@y", "--about", "customer:acme", "--json")
    )
    assert told["signing_key"] == f"key of {told['subscription_id']}"
    (row,) = json.loads(typed("list", "--json"))
    assert (row["address"], row["about"], row["verbs"]) == ("x@y", "customer:acme", ["valve"])
    again = json.loads(typed("key", told["subscription_id"], "--json"))
    assert again == {"signing_key": told["signing_key"]}
    typed("end", told["subscription_id"])
    assert json.loads(typed("list", "--json")) == []
    neither = run.invoke(app, ["add", "--on", "valve", "--as", "lena"])
    assert isinstance(neither.exception, BadSubscription)


def test_what_was_told_is_forgotten_a_month_later_and_what_waits_is_not(pigeons):
    ask()
    happens("valve:v1")
    assert tell() == 1
    tell(NOW + notifications.KEPT)
    assert Notification.objects.count() == 1
    happens("valve:v2")
    collect_notifications(wall=NOW)
    pigeons.failing = True
    send_notifications(wall=NOW + notifications.KEPT + timedelta(hours=3))
    assert [one.state for one in Notification.objects.all()] == ["waiting"]
