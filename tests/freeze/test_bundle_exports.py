"""A bundle as issued is the zones as they stand: a deployer alone decides as the gate does."""

from datetime import timedelta

import pytest

from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.freeze.engine.bundle import (
    RolledBack,
    SeenBundle,
    open_bundle,
    refuse_rolled_back,
)
from scuderia.freeze.engine.gate import Circumstances, decide
from scuderia.freeze.engine.signatures import key_id
from scuderia.freeze.models.bundles import BundleIssue
from scuderia.freeze.nouns import AskedUpdate, UpdateClass
from scuderia.freeze.operations import zones
from scuderia.freeze.operations.bundle_exports import BadLifetime, export_bundle
from scuderia.freeze.operations.signing_keys import signing_key
from scuderia.freeze.queries.zone_index import compiled_zones
from tests.freeze.small_fleet import NOW, asked, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _fleet(db):
    make_fleet()
    make_cast()


def approved(**typed):
    made = zones.request_zone(actor=person("otto"), asked=asked(**typed), now=NOW).zone_id
    zones.approve_zone(actor=person("lena"), zone_id=made, reason="agreed", now=NOW)


def export(name="ada", lasts=3 * DAY, now=NOW):
    return export_bundle(actor=person(name), lasts=lasts, now=now)


def opened(sealed):
    public = signing_key().public_key()
    return open_bundle(sealed, {key_id(public): public})


def test_a_deployer_alone_decides_as_the_gate_does():
    approved()
    approved(start="2026-08-10 00:00 UTC", end="", open_end=True, review="2026-09-01 00:00 UTC")
    bundle, _ = opened(export())
    alone, gate = bundle.compiled(), compiled_zones(NOW).index
    for day in range(40):
        start = int((NOW + day * DAY).timestamp())
        for node in ("r1-n1", "r2-n2", "r3-n2"):
            for update_class in UpdateClass:
                update = AskedUpdate((node,), update_class.value, start, 86_400)
                there = Circumstances(int(NOW.timestamp()))
                assert decide(alone, update, there) == decide(gate, update, there)


def test_each_bundle_is_newer_than_the_one_before_whatever_the_clock_says():
    older = opened(export())
    newer = opened(export(now=NOW - DAY))
    assert newer[0].sequence > older[0].sequence
    refuse_rolled_back(*newer, SeenBundle(older[0].sequence, older[1]))
    with pytest.raises(RolledBack):
        refuse_rolled_back(*older, SeenBundle(newer[0].sequence, newer[1]))
    assert BundleIssue.objects.count() == 2


def test_a_bundle_is_for_who_reads_everything_and_for_a_bounded_time():
    for name, refused in (("otto", NotFound), ("olaf", NotFound), ("rosa", NotFound)):
        with pytest.raises((refused, NotAuthorised)):
            export(name)
    for lasts in (timedelta(0), 15 * DAY):
        with pytest.raises(BadLifetime):
            export(lasts=lasts)
    assert not BundleIssue.objects.exists()
    assert opened(export("vera"))[0].expires == int((NOW + 3 * DAY).timestamp())
