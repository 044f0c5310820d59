"""What a zone's page tells of its machines, and its report: on paper, signed, by reach."""

import html
import re
from datetime import timedelta

import pytest

from scuderia.fleet.nouns import VersionKind
from scuderia.fleet.operations.node_versions import SeenVersions, note_versions
from scuderia.freeze.nouns import AskedUpdate, GlassAsked
from scuderia.freeze.operations import zones
from scuderia.freeze.operations.breaches import watch_zones
from scuderia.freeze.operations.break_glass import (
    approve_break_glass,
    request_break_glass,
    use_break_glass,
)
from scuderia.freeze.operations.gate_decisions import ask_gate
from scuderia.freeze.operations.signing_keys import public_pem
from scuderia.freeze.queries.bundle import read_keys
from scuderia.freeze.queries.envelopes import check_report
from scuderia.freeze.queries.zones import get_zone
from tests.pages.stage import ADA, LENA, NOW
from tests.pages.test_zone_pages import approved, request, zone_id  # noqa: F401 - fixtures

MINUTE = timedelta(minutes=1)


@pytest.fixture
def in_force(stage):
    """A zone that is in force as the pages are read: it began an hour before."""
    begun = NOW - timedelta(hours=1)
    start, end = f"{begun:%Y-%m-%d %H:%M} UTC", "2026-12-20 00:00 UTC"
    made = request(start=start, end=end, classes=("firmware",))
    zones.approve_zone(actor=ADA, zone_id=made, reason="agreed", now=NOW - 70 * MINUTE)
    return made


@pytest.fixture
def node(in_force):
    return get_zone(ADA, in_force, NOW).node_names[0]


def see(at, *nodes, firmware="24.10"):
    told = {VersionKind.FIRMWARE: firmware, VersionKind.BOOT_ID: firmware}
    seen = tuple(SeenVersions(one, told) for one in nodes)
    note_versions(actor=ADA, source="probe", seen=seen, at=at)


def update(node, start=NOW):
    return AskedUpdate((node,), "firmware", int(start.timestamp()), 45 * 60)


def text(answer):
    told = re.sub(r"<(script|style).*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", told)).split())


def test_before_it_begins_the_page_says_that_nothing_was_seen_yet(approved, as_person):  # noqa: F811
    told = text(as_person("lena").get(f"/zones/{approved}"))
    assert "From its beginning on every change is told here" in told
    assert "Nothing was asked" in told


def test_a_silent_machine_is_no_proof_of_quiet(in_force, as_person):
    told = text(as_person("lena").get(f"/zones/{in_force}"))
    nodes = get_zone(ADA, in_force, NOW).zone.nodes
    assert f"0 of its {nodes:,} machines were seen in the last 5 minutes" in told
    assert "this is no proof of quiet" in told
    report = text(as_person("lena").get(f"/zones/{in_force}/report"))
    assert "Not known, so far" in report
    assert "never: nothing is known" in report


def test_a_zone_whose_machines_all_speak_is_quiet(in_force, as_person):
    names = get_zone(ADA, in_force, NOW).node_names
    see(NOW - 61 * MINUTE, *names)
    see(NOW - MINUTE, *names)
    told = text(as_person("lena").get(f"/zones/{in_force}"))
    assert "Every machine of it was seen in the last 5 minutes" in told
    report = text(as_person("lena").get(f"/zones/{in_force}/report"))
    assert "Quiet, so far" in report
    assert "No change was seen." in report


def test_a_breach_and_a_refusal_stand_on_both_pages(in_force, node, as_person):
    see(NOW - 9 * MINUTE, node)
    see(NOW - MINUTE, node, firmware="25.01")
    watch_zones(now=NOW)
    ask_gate(actor=LENA, update=update(node), now=NOW)
    for path in (f"/zones/{in_force}", f"/zones/{in_force}/report"):
        told = text(as_person("lena").get(path))
        assert f"{node} firmware 24.10 25.01" in told
        assert "Refused person:lena firmware" in told
    sheet = as_person("lena").get(f"/zones/{in_force}?breaches-csv=1")
    assert sheet.headers["Content-Type"].startswith("text/csv")


def test_what_two_people_let_through_is_told_with_both(in_force, node, as_person):
    start = NOW + MINUTE
    told = GlassAsked(update(node, start), 120, "a hole", "SEC-1")
    glass = request_break_glass(actor=LENA, asked=told, now=NOW).id
    approve_break_glass(actor=ADA, glass_id=glass, reason="it burns", now=NOW)
    use_break_glass(actor=LENA, glass_id=glass, now=NOW)
    ask_gate(actor=LENA, update=update(node, start), now=NOW)
    see(start, node)
    see(start + 9 * MINUTE, node, firmware="25.01")
    watch_zones(now=start + 9 * MINUTE)
    shown = text(as_person("lena").get(f"/zones/{in_force}"))
    assert "Let through by break-glass" in shown
    assert "person:lena person:ada SEC-1: a hole" in shown
    assert "Changed without leave" not in shown
    report = text(as_person("lena").get(f"/zones/{in_force}/report"))
    assert "approved by person:ada (it burns)" in report


def test_the_report_is_read_by_who_may_read_the_zone_and_bears_its_own_check(
    in_force, node, as_person
):
    ask_gate(actor=LENA, update=update(node), now=NOW)
    for name, status in (
        ("lena", 200),
        ("vera", 200),
        ("otto", 200),
        ("britt", 404),
        ("olaf", 404),
    ):
        client = as_person(name)
        assert client.get(f"/zones/{in_force}/report").status_code == status
        given = client.get(f"/zones/{in_force}/report/envelope")
        assert given.status_code == status
        if status == 200:
            file = re.search(r'filename="(zone-report-[0-9a-f]{12}\.json)"',
                             given.headers["Content-Disposition"])[1]  # fmt: skip
            shown = text(client.get(f"/zones/{in_force}/report"))
            assert f"scuderia freeze report verify {file} --key gate.pem" in shown
            signed = check_report(given.content, read_keys(public_pem(ADA).encode()))
            assert signed["zone"] == str(in_force)
            assert len(signed["decisions"]) == 1
