"""A fleet, an identity for deployers over rack r1, and raw posts as other systems send them."""

import json
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.test import Client

from scuderia.basics.clock import FixedClock
from scuderia.basics.subjects import SubjectRef
from scuderia.freeze.nouns import AdapterName, TargetAsked, UpdateClass
from scuderia.freeze.operations import adapters
from scuderia.loop.nouns import Power, Role
from scuderia.loop.operations import people
from scuderia.loop.ports import registry
from tests.freeze.small_fleet import NOW, make_cast, make_fleet, person
from tests.freeze.test_gate_decisions import MIDNIGHT, zone

HERE = Path(__file__).parent
INSIDE = MIDNIGHT + timedelta(hours=1)
SECRET = "a secret that both know"


def payload(name, **other):
    """Return a payload of the documented shape."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8")) | other


def make_deployer():
    """Make the fleet, its cast, and a person whose token lets deployers read rack r1 alone."""
    make_fleet()
    make_cast()
    ada = person("ada")
    people.create_person(actor=ada, name="deployer", now=NOW)
    people.give_role(
        actor=ada, person="deployer", role=Role.VIEWER, scope=SubjectRef("rack", "r1"), now=NOW
    )
    return people.issue_token(
        actor=ada, person="deployer", name="gate", powers=[Power.READ],
        scope=SubjectRef("rack", "r1"), expires_at=NOW + timedelta(days=30), now=NOW,
    ).secret  # fmt: skip


def set_up(name, hosts, **targets):
    """Set the adapter up, with what each target touches."""
    ada = person("ada")
    adapters.set_secret(
        actor=ada, name=name, person="deployer", token="gate", secret=SECRET, wall=NOW, now=NOW
    )
    adapters.set_hosts(actor=ada, name=name, hosts=hosts, now=NOW)
    touch(name, targets)


def touch(name, targets, update_class=UpdateClass.FIRMWARE):
    for target, nodes in targets.items():
        asked = TargetAsked(target, nodes, update_class, 2700)
        adapters.set_target(actor=person("ada"), name=name, asked=asked, now=NOW)


@contextmanager
def at(now):
    """Have both clocks stand at `now`."""
    before = registry.clock, registry.wall
    registry.clock = registry.wall = FixedClock(now)
    try:
        yield
    finally:
        registry.clock, registry.wall = before


def post(path, body, headers):
    """Post raw bytes as another system does: without a session, CSRF enforced."""
    return Client(enforce_csrf_checks=True).post(
        f"/api/v1/gate/adapters/{path}", body, content_type="application/json", headers=headers
    )


__all__ = ["INSIDE", "AdapterName", "zone"]
