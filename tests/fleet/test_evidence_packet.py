"""An evidence packet rebuilds every figure from its raw events; any change is named."""

import hashlib
import json
from dataclasses import replace

import pytest

from scuderia.basics.actors import IMPORTER
from scuderia.basics.clock import parse_instant
from scuderia.fleet.engine.evidence_packet import (
    AMENDMENTS_TABLE,
    EVENTS,
    FIGURES,
    MANIFEST,
    PARTS,
    VERSION,
    EvidenceBroken,
    packet_of,
    verify_packet,
)
from scuderia.fleet.engine.facts import (
    WITHHELD,
    AmendmentFact,
    FleetFacts,
    HoldFact,
    narrowed,
)
from scuderia.fleet.engine.sla import Request
from scuderia.fleet.operations.evidence_packet import FolderTaken, verify_evidence, write_evidence
from scuderia.fleet.operations.import_outages import ImportRequest, import_outages
from scuderia.loop.operations import audit
from tests.fleet.promised import customer
from tests.fleet.test_sla_report import DAY, FACTS

NOW = parse_instant("2026-03-01T00:00:00Z", field="now")


@pytest.fixture
def packet():
    return packet_of(FACTS, Request(0, 10 * DAY))


def reseal(packet, *more):
    """Mend the manifest after a change, as a careful forger would."""
    hashes = {name: hashlib.sha256(packet[name]).hexdigest() for name in (*PARTS, *more)}
    packet[MANIFEST] = json.dumps({"version": VERSION, "sha256": hashes}).encode()
    return packet


def test_the_same_books_give_the_same_bytes(packet):
    assert packet_of(FACTS, Request(0, 10 * DAY)) == packet
    assert verify_packet(packet).outages == 3


@pytest.mark.parametrize("name", [*PARTS, MANIFEST])
def test_a_missing_file_is_named(packet, name):
    del packet[name]
    with pytest.raises(EvidenceBroken, match=name):
        verify_packet(packet)


@pytest.mark.parametrize("name", PARTS)
def test_a_changed_file_is_named(packet, name):
    packet[name] += b"more"
    with pytest.raises(EvidenceBroken, match=name):
        verify_packet(packet)


def test_a_packet_of_an_older_version_is_told_apart_from_a_broken_one(packet):
    packet[MANIFEST] = packet[MANIFEST].replace(b'"version":2', b'"version":1')
    with pytest.raises(EvidenceBroken, match="of version 1, whose figures") as refused:
        verify_packet(packet)
    assert "release that wrote it" in refused.value.remedy


def test_a_resealed_figure_is_named(packet):
    figures = json.loads(packet[FIGURES])
    figures["availability"] = 0.999
    packet[FIGURES] = json.dumps(figures).encode()
    with pytest.raises(EvidenceBroken, match=r"availability says 0\.999") as caught:
        verify_packet(reseal(packet))
    assert caught.value.facts["figure"] == "availability"


def test_a_resealed_event_no_longer_gives_the_figures(packet):
    events = json.loads(packet[EVENTS])
    events["books"]["outages"][0][2] -= 7200
    packet[EVENTS] = json.dumps(events).encode()
    with pytest.raises(EvidenceBroken, match=FIGURES):
        verify_packet(reseal(packet))


@pytest.mark.parametrize("name", ["days.csv", "outages.csv"])
def test_a_resealed_table_is_named(packet, name):
    packet[name] += b"x,1\n"
    with pytest.raises(EvidenceBroken, match=name):
        verify_packet(reseal(packet))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"books": {}, "request": {}}',
        (
            b'{"books": {"nodes": [[1]], "customers": [], "outages": [], "phases": [],'
            b' "holds": []},'
            b' "request": {"start": 0, "end": 1}}'
        ),
        (
            b'{"books": {"nodes": [], "customers": [], "outages": [[5, 0, 1, null, "", false, ""]],'
            b' "phases": [], "holds": []}, "request": {"start": 0, "end": 10}}'
        ),
        (
            b'{"books": {"nodes": [], "customers": [], "outages": [["x", "y", 1, null, 3, 4, ""]],'
            b' "phases": [], "holds": []}, "request": {"start": 0, "end": 10}}'
        ),
    ],
)
def test_events_that_hold_no_books_are_refused(packet, body):
    packet[EVENTS] = body
    with pytest.raises(EvidenceBroken):
        verify_packet(reseal(packet))


def test_a_cause_cannot_become_a_spreadsheet_formula():
    books = FACTS.__class__(
        FACTS.nodes, [], [FACTS.outages[0]._replace(cause="=HYPERLINK()")], [], []
    )
    assert b",'=HYPERLINK()," in packet_of(books, Request(0, 10 * DAY))["outages.csv"]


AMENDED = AmendmentFact(
    0, "k", 5, "person:lena", "=the ticket", '{"cause":"fan"}', '{"cause":"psu"}'
)


def test_a_packet_tells_what_was_corrected_and_a_change_of_it_is_named():
    books = replace(FACTS, amendments=[AMENDED, AMENDED._replace(after="")])
    packet = packet_of(books, Request(0, 10 * DAY))
    table = packet[AMENDMENTS_TABLE].decode()
    assert "person:lena,'=the ticket," in table
    assert table.count("retracted") == 1
    assert verify_packet(packet).outages == 3
    forged = dict(packet)
    forged[AMENDMENTS_TABLE] = table.replace("lena", "olaf").encode()
    with pytest.raises(EvidenceBroken, match=AMENDMENTS_TABLE):
        verify_packet(forged)
    with pytest.raises(EvidenceBroken, match=AMENDMENTS_TABLE):
        verify_packet(reseal(forged, AMENDMENTS_TABLE))
    del forged[AMENDMENTS_TABLE]
    with pytest.raises(EvidenceBroken, match=AMENDMENTS_TABLE):
        verify_packet(reseal(forged))


def test_a_packet_of_old_without_amendments_has_the_same_bytes(packet):
    assert AMENDMENTS_TABLE not in packet
    assert b"amendments" not in packet[EVENTS]


def test_a_customers_packet_withholds_a_reason_that_names_another():
    books = FleetFacts(
        FACTS.nodes,
        [customer("acme", 0.95), customer("Globex", 0.95)],
        [],
        [],
        [HoldFact(0, 0, 0, None)],
        [AMENDED, AMENDED._replace(reason="GLOBEX said so"), AMENDED._replace(node=1)],
    )
    seen = narrowed(books, "acme", start=0, end=DAY)
    assert [fact.reason for fact in seen.amendments] == ["=the ticket", WITHHELD]


@pytest.mark.django_db
def test_the_packet_of_amended_books_has_who_when_and_why(tmp_path):
    trace = tmp_path / "outages.csv"
    text = "node,start,end,cause\nn1,2026-01-02,2026-01-03,fan\n"
    request = ImportRequest(trace, 2, starts_at=parse_instant("2026-01-01", field="from"))
    for cause in ("fan", "psu"):
        trace.write_text(text.replace("fan", cause), encoding="utf-8")
        import_outages(request, actor=IMPORTER, now=NOW)
    for name, end in (
        ("one", "2026-01-03"),
        ("two", "2026-01-02T00:00:01Z"),
        ("none", "2026-01-02"),
    ):
        write_evidence(
            tmp_path / name,
            start=parse_instant("2026-01-01", field="from"),
            end=parse_instant(end, field="to"),
            customer=None,
            actor=IMPORTER,
            now=NOW,
        )
        verify_evidence(tmp_path / name)
    assert not (tmp_path / "none" / AMENDMENTS_TABLE).exists()
    for name in ("one", "two"):
        line = (tmp_path / name / AMENDMENTS_TABLE).read_text().splitlines()[1]
        assert line.startswith("n1,trace:")
        assert "service:importer,outages.csv (sha256" in line


@pytest.mark.django_db
def test_a_packet_is_written_verified_and_audited(tmp_path):
    trace = tmp_path / "outages.csv"
    trace.write_text("node,start,end\nn1,2026-01-02,2026-01-03\n", encoding="utf-8")
    import_outages(ImportRequest(trace, 2), actor=IMPORTER, now=NOW)
    period = {
        "start": parse_instant("2026-01-02", field="from"),
        "end": parse_instant("2026-01-03", field="to"),
    }
    wanted = {"customer": "fleet", "actor": IMPORTER, "now": NOW} | period
    written = write_evidence(tmp_path / "one", **wanted)
    write_evidence(tmp_path / "two", **wanted)
    assert written.availability == 0.5
    for name in (*PARTS, MANIFEST):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert verify_evidence(tmp_path / "one").availability == 0.5
    assert audit.verify().entries == 3
    with pytest.raises(FolderTaken):
        write_evidence(tmp_path / "one", **wanted)
    (tmp_path / "two" / EVENTS).unlink()
    with pytest.raises(EvidenceBroken, match=EVENTS):
        verify_evidence(tmp_path / "two")
