"""A signal that was forged, altered or erased is found, and named, by the entry beside it."""

import hashlib
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.ids import new_id
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.signal_anchors import StoredSignal, anchor_faults, anchor_of
from scuderia.loop.models.audit import AuditEntry, AuditHead
from scuderia.loop.models.signals import Signal
from scuderia.loop.nouns import SignalDraft
from scuderia.loop.operations import audit, signals
from scuderia.loop.ports import registry
from tests.loop.factories import NOW, drop_guards, later, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def draft(number, **changes):
    told = {
        "kind": "hall.valve.stuck",
        "subject": SubjectRef("valve", f"v{number % 7}"),
        "occurred_at": NOW + timedelta(seconds=-number, microseconds=number),
        "source": "drill",
        "dedup_key": f"drill/{number}",
        "payload": {"turns": number, "share": 2.0, "why": 'ünïcode "x"'},
    }
    return SignalDraft(**{**told, **changes})


@pytest.fixture
def stored():
    """Three writes: of five signals, of one, of none that is new; other entries around them."""
    audit.record(person("omar"), "valve.seen", subject="valve:v1", at=NOW)
    signals.record_signals([draft(number) for number in range(5)], now=NOW)
    signals.record_signals([draft(9)], now=later(1))
    signals.record_signals([draft(number) for number in range(3)], now=later(2))
    audit.record(person("omar"), "valve.seen", subject="valve:v2", at=NOW)
    drop_guards()


def told():
    entries = AuditEntry.objects.filter(verb="signals.recorded").order_by("seq")
    return [(entry.seq, json.loads(entry.detail)) for entry in entries]


@pytest.mark.usefixtures("stored")
def test_each_write_of_signals_is_one_entry_and_all_holds():
    assert [(seq, detail["count"], detail.get("before")) for seq, detail in told()] == [
        (2, 5, 0),
        (3, 1, None),
    ]
    assert list(Signal.objects.order_by("dedup_key").values_list("entry", flat=True)) == [
        2, 2, 2, 2, 2, 3,
    ]  # fmt: skip
    verdict = audit.verify()
    assert (verdict.holds, verdict.entries, verdict.said) == (True, 4, "")


@pytest.mark.usefixtures("stored")
def test_the_digest_is_what_the_documentation_says():
    """Reckoned again from the rows by the words of docs/audit.md alone."""
    for seq, detail in told():
        own = []
        for one in sorted(Signal.objects.filter(entry=seq), key=lambda one: one.dedup_key):
            payload = {**one.payload, "share": 2}
            listed = [
                str(one.id).replace("-", ""), one.kind, one.subject, one.occurred_at.isoformat(),
                one.received_at.isoformat(), one.source, one.dedup_key, payload,
            ]  # fmt: skip
            text = json.dumps(listed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            own.append(hashlib.sha256(text.encode("utf-8")).hexdigest())
        assert detail["digest"] == hashlib.sha256("".join(own).encode()).hexdigest()
        assert detail["marks"] == "".join(one[:8] for one in own)


CHANGES = {
    "kind": "hall.valve.mended", "subject": "valve:v6", "source": "elsewhere",
    "dedup_key": "drill/77", "occurred_at": later(9), "received_at": later(9),
    "payload": {"turns": 2, "share": 2.0, "why": 'ünïcode "y"'}, "id": new_id(),
}  # fmt: skip


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("column", sorted(CHANGES))
def test_a_change_of_any_column_is_found_and_the_signal_named(column):
    one = Signal.objects.get(dedup_key="drill/2")
    Signal.objects.filter(pk=one.pk).update(**{column: CHANGES[column]})
    verdict = audit.verify()
    assert not verdict.holds
    changed = CHANGES["id"] if column == "id" else one.pk
    assert f"signal {changed} (" in verdict.said
    assert "entry 2 tells of 5 signals, and 1 of them are not in the tables so" in verdict.said
    assert verdict.said.count("signal ") == 1


@pytest.mark.usefixtures("stored")
def test_an_erased_signal_is_found():
    Signal.objects.filter(dedup_key__in=["drill/1", "drill/4"]).delete()
    assert audit.verify().said == (
        "entry 2 tells of 5 signals, and 2 of them are not in the tables so"
    )
    Signal.objects.filter(entry=3).delete()
    assert "entry 3 tells of 1 signals, and 1 of them" in audit.verify().said


def forged(entry):
    one = Signal.objects.get(dedup_key="drill/1")
    one.pk, one.dedup_key, one.entry = new_id(), "drill/forged", entry
    one.save(force_insert=True)
    return one.pk


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (2, "not among those that entry 2 tells of"),
        (1, "names entry 1, and that one tells of no signals"),
        (4_000, "names entry 4000, and that one tells of no signals"),
        (None, "1 signals name no entry that vouches for them; they were 0 when entries began to"),
    ],
)
def test_a_forged_signal_is_found_whatever_it_names(entry, words):
    key = forged(entry)
    verdict = audit.verify()
    assert not verdict.holds
    assert words in verdict.said
    assert entry is None or str(key) in verdict.said


@pytest.mark.usefixtures("stored")
def test_a_signal_that_names_another_write_is_found_at_both():
    Signal.objects.filter(dedup_key="drill/1").update(entry=3)
    said = audit.verify().said
    assert "entry 2 tells of 5 signals, and 1 of them" in said
    assert "not among those that entry 3 tells of" in said


@pytest.mark.usefixtures("stored")
def test_a_tail_that_was_cut_with_its_head_leaves_signals_that_tell():
    first = AuditEntry.objects.get(seq=2)
    AuditEntry.objects.filter(seq__gt=2).delete()
    AuditHead.objects.update(seq=2, hash=first.hash)
    assert "names entry 3, and that one tells of no signals" in audit.verify().said


@pytest.mark.usefixtures("cast", "stored")
def test_a_scoped_verifier_is_told_no_detail_of_others():
    assert audit.verify_for(person("birch-op")) == audit.verify_for(person("lena"))
    Signal.objects.filter(entry__isnull=False, dedup_key="drill/1").update(source="forged")
    for scoped in ("birch-op", "acme-op", "birch-lead"):
        assert audit.verify_for(person(scoped)).said == audit.DIFFERS
    assert "hall.valve.stuck of valve:v1" in audit.verify_for(person("lena")).said


@pytest.mark.usefixtures("cast")
def test_a_scoped_verifier_is_not_told_how_many_signals_there_were():
    old(1)
    assert audit.verify_for(person("birch-op")).said == ""
    assert audit.verify_for(person("lena")).said.startswith("1 signals are not anchored")


def old(number):
    """Store a signal as homes did before entries vouched for them."""
    told = draft(number)
    Signal.objects.create(
        kind=told.kind, subject=str(told.subject), occurred_at=told.occurred_at, received_at=NOW,
        source=told.source, dedup_key=told.dedup_key, payload=told.payload,
    )  # fmt: skip


def test_of_an_old_home_it_is_said_how_many_are_not_anchored():
    for number in range(3):
        old(number)
    verdict = audit.verify()
    assert verdict.holds
    assert verdict.said.startswith("3 signals are not anchored")
    signals.record_signals([draft(5)], now=NOW)
    assert told()[0][1]["before"] == 3
    assert audit.verify().said.startswith("3 signals are not anchored")
    old(4)
    assert not audit.verify().holds
    drop_guards()
    Signal.objects.filter(dedup_key__in=["drill/4", "drill/0"]).delete()
    assert "2 signals name no entry" in audit.verify().said


def test_signals_and_their_entry_are_written_together_or_not_at_all(monkeypatch):
    class Dying:
        name = "dying"

        def detect(self, *_, **__):
            raise RuntimeError

    monkeypatch.setitem(registry.detectors, "dying", Dying())
    with pytest.raises(RuntimeError):
        signals.record_signals([draft(1)], now=NOW)
    assert (Signal.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_what_is_stored_while_the_tables_are_read_is_no_fault(monkeypatch):
    signals.record_signals([draft(1)], now=NOW)
    read = audit.read_facts

    def slowly():
        facts = read()
        signals.record_signals([draft(2)], now=NOW)
        return facts

    monkeypatch.setattr(audit, "read_facts", slowly)
    assert audit.verify().holds


numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
payloads = st.dictionaries(
    st.text(max_size=5),
    st.recursive(st.none() | st.booleans() | numbers | st.text(max_size=5),
                 lambda inner: st.lists(inner, max_size=3), max_leaves=5),
    max_size=4,
)  # fmt: skip


@given(st.lists(payloads, min_size=1, max_size=5))
def test_any_payload_is_found_whole_again_by_every_database(found):
    base = Signal.objects.count()
    drafts = [draft(base + place, payload=payload) for place, payload in enumerate(found)]
    signals.record_signals(drafts, now=NOW)
    assert audit.verify().said == ""


rows = st.builds(
    lambda number, turns: StoredSignal(
        new_id(), "k", f"valve:v{number}", NOW, NOW, "drill", f"d{number}", {"turns": turns}
    ),
    st.integers(0, 50),
    st.integers(0, 3),
)


@given(st.lists(rows, unique_by=lambda one: one.dedup_key, max_size=8), st.randoms())
def test_the_order_of_rows_means_nothing_and_their_faults_are_the_difference(found, random):
    told_of = anchor_of(found)
    shuffled = random.sample(found, len(found))
    assert anchor_of(shuffled) == told_of
    kept = [one._replace(source="other") if random.random() < 0.3 else one
            for one in shuffled if random.random() < 0.7]  # fmt: skip
    strange = [one for one in kept if one not in found]
    gone = [one for one in found if one not in kept]
    faults = list(anchor_faults(7, told_of.marks, kept))
    for one in strange:
        assert any(str(one.id) in fault for fault in faults)
    assert len(faults) == len(strange) + 1
    if gone:
        assert f"{len(found)} signals, and {len(gone)} of them" in faults[-1]
