"""A finding that was forged, altered or erased is found by the entries that told of it."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.actors import WORKER
from scuderia.basics.ids import new_id
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.basics.units import Quantity
from scuderia.loop.engine.finding_anchors import FindingMarks
from scuderia.loop.models.audit import AuditEntry, AuditHead
from scuderia.loop.models.findings import Finding, FindingScope
from scuderia.loop.nouns import Evidence, FindingState, Round
from scuderia.loop.operations import agents, audit, findings
from scuderia.loop.ports import registry
from tests.examples import examples
from tests.loop.factories import NOW, drop_guards, finding_draft, later, person, proposal_draft

pytestmark = [pytest.mark.django_db, pytest.mark.postgres, pytest.mark.usefixtures("hall")]

VALVES = tuple(SubjectRef("valve", f"v{number}") for number in range(1, 5))


def draft(number, **changes):
    told = {
        "kind": "valve.stuck",
        "subject": VALVES[number % len(VALVES)],
        "claim": f'valve {number} is "stück"',
        "evidence": (Evidence("turns", {"of": number}, {"turns": 2.0, "why": None}, "Turns"),),
        "dedup_key": f"stuck/{number}",
    }
    return replace(finding_draft(), **{**told, **changes})


def file(*drafts, now=NOW):
    findings.file_findings([("drill", one) for one in drafts], now=now)


@transaction.atomic
def clear(*numbers, now):
    marks = FindingMarks()
    still = Finding.objects.filter(state=FindingState.OPEN)
    claimed = still.exclude(dedup_key__in=[f"stuck/{one}" for one in numbers])
    keys = claimed.values_list("dedup_key", flat=True)
    findings.clear_unclaimed("drill", keys, unseen=frozenset(), now=now, marks=marks)
    findings.vouch(marks, now=now)


@pytest.fixture
def kept(hall):
    """Three findings are opened, one of them claimed anew, one more opened, and one cleared."""
    file(*map(draft, range(3)))
    file(draft(1, claim="worse", severity=Quantity(7.5, "litres")), draft(3), now=later(1))
    clear(2, now=later(2))
    drop_guards()


def told():
    entries = AuditEntry.objects.filter(verb="findings.recorded").order_by("seq")
    return [(entry, json.loads(entry.detail)) for entry in entries]


def counts():
    ways = ("opened", "claimed", "cleared")
    return [
        (way, one["count"], one.get("before")) for _, one in told() for way in ways if way in one
    ]


@pytest.mark.usefixtures("kept")
def test_what_each_write_did_to_findings_is_one_entry_and_all_holds():
    assert counts() == [
        ("opened", 3, 0),
        ("opened", 1, None),
        ("claimed", 1, None),
        ("cleared", 1, None),
    ]
    assert (audit.verify().holds, audit.verify().said) == (True, "")


def test_a_claim_again_that_changes_nothing_is_told_of_once_a_day(hall):
    """However often it is looked at: what is told grows with what changes and with the days."""
    scoped = draft(1, subject=SubjectRef("valve", "v2"))
    file(draft(0), scoped)
    for minute in range(1, 30):
        file(draft(0), scoped, now=NOW + timedelta(minutes=minute))
    assert counts() == [("opened", 2, 0)]
    assert set(Finding.objects.values_list("refreshed_at", flat=True)) == {
        NOW + timedelta(minutes=29)
    }
    file(draft(0), scoped, now=later(24))
    file(draft(0), scoped, now=later(24.5))
    assert counts()[1:] == [("claimed", 2, None)]
    assert audit.verify().said == ""


CLAIMED_ANEW = {
    "kind": "valve.mended", "subject": SubjectRef("valve", "v3"), "claim": "all is well",
    "confidence": 0.123, "severity": Quantity(0.25, "litres"),
    "evidence": (Evidence("turns", {"of": 2}, {"turns": 2.0, "why": None}, "Turns"),),
}  # fmt: skip


@pytest.mark.parametrize("field", [*CLAIMED_ANEW, "scopes"])
def test_a_claim_again_that_changes_anything_is_told_of(hall, field):
    """Of what it says, and of what it hangs under; what was written past the loop is put right."""
    file(draft(0), draft(1))
    again = draft(1)
    if field == "scopes":
        Finding.objects.get(dedup_key="stuck/1").scopes.create(scope="customer:forged")
    else:
        again = replace(again, **{field: CLAIMED_ANEW[field]})
    file(draft(0), again, now=later(1))
    assert counts()[1:] == [("claimed", 1, None)]
    assert audit.verify().said == ""


@pytest.mark.usefixtures("kept")
def test_a_forged_claim_is_not_made_good_by_claiming_the_forgery(hall):
    """The row is as it is claimed, so that nothing is told anew, and what was told last stands."""
    Finding.objects.filter(dedup_key="stuck/0").update(claim="all is well")
    file(draft(0, claim="all is well"), now=later(3))
    assert "what it claims changed since" in audit.verify().said


@pytest.mark.usefixtures("kept")
def test_the_marks_are_what_the_documentation_says():
    """Reckoned again from the rows by the words of docs/audit.md alone."""

    def mark(text):
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]

    (_, first), (_, second), (_, third), _ = told()
    for one in Finding.objects.order_by("dedup_key"):
        key, (evidence,) = str(one.pk).replace("-", ""), one.evidence
        of = evidence["params"]["of"]
        assert evidence["value"] == {"turns": 2.0, "why": None}
        amount = "7.5" if one.dedup_key == "stuck/1" else "3"
        scopes = sorted(one.scopes.values_list("scope", flat=True))
        day = f"{one.refreshed_at:%Y-%m-%d}"
        texts = [one.kind, one.subject, one.claim], [one.severity_unit, day]
        begin, end = (json.dumps(part) for part in (texts[0], [*texts[1], *scopes]))
        rank = f"{one.severity_rank:g}"
        claimed = mark(
            f"{begin[:-1]}, 0.8, {amount}, {rank}, {end[1:]}"
            f'[{{"caption": "Turns", "link": "", "params": {{"of": {of}}}, "query": "turns", '
            '"value": {"turns": 2, "why": null}}]'
        )
        born = mark(json.dumps([key, one.dedup_key, one.raised_by, at(one.opened_at)]))
        if one.dedup_key == "stuck/1":
            assert key + born in first["opened"]
            assert key + claimed == third["claimed"]
        else:
            opened = second if one.dedup_key == "stuck/3" else first
            assert key + born + claimed in opened["opened"]


def at(instant):
    return instant.astimezone(UTC).isoformat()


CHANGES = {
    "id": new_id(), "kind": "valve.mended", "subject": "valve:w9", "claim": "all is well",
    "confidence": 0.123, "severity_amount": 0.25, "severity_unit": "weeks", "severity_rank": 9e9,
    "evidence": [], "dedup_key": "stuck/77", "raised_by": "other", "state": "other",
    "opened_at": later(9), "refreshed_at": later(48), "cleared_at": later(9),
}  # fmt: skip


def test_no_column_of_a_finding_is_left_out():
    assert set(CHANGES) == {one.attname for one in Finding._meta.concrete_fields}


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("column", sorted(CHANGES))
def test_a_change_of_any_column_is_found_and_the_finding_named(column, number):
    one = Finding.objects.get(dedup_key=f"stuck/{number}")
    value = CHANGES[column]
    if column == "state":
        value = FindingState.OPEN if one.state == FindingState.CLEARED else FindingState.CLEARED
    if column == "id":
        FindingScope.objects.filter(finding=one).delete()
    Finding.objects.filter(pk=one.pk).update(**{column: value})
    verdict = audit.verify()
    assert not verdict.holds
    assert f"finding {one.pk}: " in verdict.said
    assert verdict.said.count("finding ") == 1


@pytest.mark.usefixtures("kept")
def test_a_change_of_what_it_hangs_under_is_found():
    one = Finding.objects.get(dedup_key="stuck/0")
    one.scopes.create(scope="customer:forged")
    assert f"finding {one.pk}: what it claims changed since" in audit.verify().said
    one.scopes.filter(scope="customer:forged").delete()
    assert audit.verify().holds
    one.scopes.filter(scope=str(EVERYTHING)).delete()
    assert not audit.verify().holds


@pytest.mark.usefixtures("kept")
def test_an_erased_and_a_forged_finding_are_found():
    one = Finding.objects.get(dedup_key="stuck/2")
    key = one.pk
    one.delete()
    assert audit.verify().said == (
        f"finding {key}: entry {told()[-1][0].seq} tells of it, and the books hold none"
    )
    one.pk = new_id()
    one.save(force_insert=True)
    said = audit.verify().said
    assert "of the opening of 1 findings no entry tells; they were 0" in said


@pytest.mark.usefixtures("kept")
def test_a_forged_claim_is_not_made_good_by_its_clearing():
    Finding.objects.filter(dedup_key="stuck/0").update(claim="all is well")
    clear(0, now=later(3))
    assert "what it claims changed since" in audit.verify().said


@pytest.mark.usefixtures("kept")
def test_a_finding_that_comes_back_is_told_of_as_a_new_one():
    file(draft(2), now=later(3))
    assert counts()[-1] == ("opened", 1, None)
    assert audit.verify().said == ""


@pytest.mark.usefixtures("cast", "kept")
def test_a_scoped_verifier_is_told_no_detail_of_others():
    Finding.objects.filter(dedup_key="stuck/0").update(claim="forged")
    for scoped in ("birch-op", "acme-op", "birch-lead"):
        assert audit.verify_for(person(scoped)).said == audit.DIFFERS
    assert "what it claims" in audit.verify_for(person("lena")).said


def old(number):
    """Store a finding as homes did before entries vouched for them."""
    file(draft(number))
    drop_guards()
    AuditEntry.objects.all().delete()
    AuditHead.objects.all().delete()


def test_of_an_old_home_it_is_said_how_many_are_not_anchored():
    for number in (4, 5, 6):
        old(number)
    older = "3 findings are not anchored: they are older than the entries that vouch for findings"
    assert (audit.verify().holds, audit.verify().said) == (True, older)
    file(draft(1), draft(5, claim="worse"), now=later(1))
    assert counts() == [("opened", 1, 3), ("claimed", 1, None)]
    assert (audit.verify().holds, audit.verify().said) == (True, older)
    clear(4, 5, now=later(2))
    assert (audit.verify().holds, audit.verify().said) == (True, older)
    Finding.objects.filter(dedup_key="stuck/5").update(claim="forged")
    assert "what it claims changed" in audit.verify().said
    Finding.objects.filter(dedup_key__in=["stuck/5", "stuck/6"]).delete()
    assert "of the opening of 1 findings no entry tells; they were 3" in audit.verify().said


def test_what_is_filed_while_the_tables_are_read_is_no_fault(monkeypatch):
    file(draft(1), draft(2))
    read = audit.read_facts

    def slowly():
        facts = read()
        file(draft(1, claim="worse"), draft(3), now=later(1))
        clear(2, now=later(2))
        return facts

    monkeypatch.setattr(audit, "read_facts", slowly)
    assert audit.verify().said == ""


def test_a_look_is_one_entry_and_what_it_took_back_is_in_none(hall, monkeypatch):
    """The second proposal is refused after its findings were written, which is undone with it."""
    seen = Round(
        findings=(draft(1), draft(2)),
        proposals=(proposal_draft("v1"), replace(proposal_draft("v3"), findings=(draft(3),))),
    )
    filing = agents.file_proposal

    def refusing(one, **rest):
        filing(one, **rest)
        if one.findings == (draft(3),):
            raise ValueError

    looker = registry.agents["plumber"]
    monkeypatch.setattr(agents, "file_proposal", refusing)
    monkeypatch.setattr(type(looker), "look", lambda *_, **__: seen)
    (report,) = agents.make_rounds(["plumber"], actor=WORKER, now=NOW)
    assert report.error == ""
    ((way, count, _),) = counts()
    assert (way, count) == ("opened", Finding.objects.count())
    assert Finding.objects.filter(dedup_key="stuck/3").exists()
    assert audit.verify().said == ""


def test_no_entry_tells_of_more_than_its_bound(monkeypatch):
    monkeypatch.setattr("scuderia.loop.engine.finding_anchors.TOLD_MAX", 2)
    file(*map(draft, range(5)))
    assert counts() == [("opened", 2, 0), ("opened", 2, None), ("opened", 1, None)]
    assert audit.verify().said == ""


numbers = st.sets(st.integers(0, 5), min_size=1)
steps = st.lists(st.tuples(st.sampled_from(["file", "clear"]), numbers), max_size=8)
plain = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5)
values = st.recursive(
    plain | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@examples(25)
@given(steps, values, st.floats(0, 1), st.integers(0, 10**6), st.data())
def test_any_history_holds_and_one_changed_column_does_not(history, value, sure, amount, data):
    """Whatever was opened, claimed anew and cleared, in whatever order."""
    with transaction.atomic():
        for minute, (verb, numbers) in enumerate(history):
            now = later(minute)
            if verb == "file":
                evidence = (Evidence("turns", {}, value, "Turns"),)
                severity = Quantity(amount + minute, "litres")
                file(*(draft(one, evidence=evidence, confidence=sure, severity=severity)
                       for one in numbers), now=now)  # fmt: skip
            else:
                clear(*numbers, now=now)
        assert (audit.verify().holds, audit.verify().said) == (True, "")
        columns = sorted(set(CHANGES) - {"id", "state", "confidence"})
        keys = list(Finding.objects.order_by("pk").values_list("pk", flat=True))
        if keys:
            key, column = data.draw(st.sampled_from(keys)), data.draw(st.sampled_from(columns))
            stood = Finding.objects.values_list(column, flat=True).get(pk=key)
            Finding.objects.filter(pk=key).update(**{column: CHANGES[column]})
            assert audit.verify().holds is (stood == CHANGES[column])
        transaction.set_rollback(True)
