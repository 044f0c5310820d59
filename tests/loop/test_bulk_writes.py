"""Rows written by the thousand are the rows that objects would have written, in one statement."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given
from hypothesis import strategies as st

from scuderia.basics.ids import new_id
from scuderia.loop.engine.json_codec import evidence_text, spell_evidence
from scuderia.loop.models.findings import Finding, FindingScope
from scuderia.loop.models.signals import Signal
from scuderia.loop.nouns import Evidence
from scuderia.loop.operations.bulk_writes import insert_rows, update_rows
from tests.loop.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
COLUMNS = ("id", "kind", "subject", "occurred_at", "received_at", "source", "dedup_key", "payload")


def row(number, **changes):
    at = NOW + timedelta(seconds=number, microseconds=17)
    told = {
        "id": new_id(), "kind": "hall.valve.stuck", "subject": f"valve:v{number}",
        "occurred_at": at, "received_at": NOW, "source": "drill", "dedup_key": f"k{number}",
        "payload": {"at": number, "words": 'ünïcode "quoted" %s', "list": [1.5, None, True]},
    }  # fmt: skip
    return {**told, **changes}


def kept(rows):
    found = rows.order_by("dedup_key").values(*COLUMNS)
    return [{name: one[name] for name in COLUMNS} for one in found]


def test_rows_are_kept_as_objects_are():
    rows = [row(number) for number in range(3)]
    insert_rows(Signal, COLUMNS, [tuple(one.values()) for one in rows])
    assert kept(Signal.objects.all()) == rows
    others = [row(number, dedup_key=f"z{number}") for number in range(3)]
    Signal.objects.bulk_create(Signal(**one) for one in others)
    assert kept(Signal.objects.filter(dedup_key__startswith="z")) == others
    with connection.cursor() as cursor:
        cursor.execute("SELECT occurred_at, payload FROM loop_signal ORDER BY dedup_key")
        raw = cursor.fetchall()
    assert raw[:3] == raw[3:]


def test_a_thousand_rows_are_one_statement_and_none_are_no_statement():
    for count, statements in ((0, 0), (1, 1), (1000, 1)):
        rows = [tuple(row(1000 * count + number).values()) for number in range(count)]
        with CaptureQueriesContext(connection) as asked:
            insert_rows(Signal, COLUMNS, rows)
        told = [one["sql"] for one in asked.captured_queries]
        assert len(told) == statements
    assert Signal.objects.count() == 1001


def test_a_row_in_the_way_refuses_them_all():
    first, again = row(1), row(2, dedup_key="k1")
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(Signal, COLUMNS, [tuple(row(3).values()), tuple(first.values()),
                                      tuple(again.values())])  # fmt: skip
    assert Signal.objects.count() == 0


def finding(**changes):
    told = {
        "kind": "a", "subject": "valve:v1", "claim": "stuck", "confidence": 1.0,
        "severity_rank": 0.0, "dedup_key": "k", "raised_by": "drill", "opened_at": NOW,
        "refreshed_at": NOW,
    }  # fmt: skip
    return Finding.objects.create(**{**told, **changes})


def test_a_foreign_key_is_spelled_as_the_key_that_it_names():
    one = finding()
    insert_rows(FindingScope, ("finding", "scope"), [(one.pk, "valve:v1"), (one.pk, "*")])
    assert isinstance(one.pk, UUID)
    assert set(one.scopes.values_list("scope", flat=True)) == {"valve:v1", "*"}


def test_one_column_is_set_row_by_row_and_no_other():
    first, second = finding(dedup_key="1"), finding(dedup_key="2")
    before = Finding.objects.values().get(pk=first.pk)
    later = NOW + timedelta(hours=1)
    update_rows(Finding, "refreshed_at", [(later, second.pk)])
    assert Finding.objects.values().get(pk=first.pk) == before
    assert Finding.objects.get(pk=second.pk).refreshed_at == later


@given(st.lists(st.text(max_size=6), max_size=6), st.lists(st.text(max_size=6), max_size=6))
@example(["a'b", 'c"d', "%s", "ü"], ["a'b", 'c"d', "%s", "ü", "e"])
def test_among_finds_what_in_finds(kept, asked):
    kept, asked = ([text.replace("\0", "") for text in texts] for texts in (kept, asked))
    with transaction.atomic():
        for key in set(kept):
            finding(dedup_key=key)
        rows = Finding.objects.values_list("dedup_key", flat=True)
        found = set(rows.filter(dedup_key__among=asked))
        assert found == set(rows.filter(dedup_key__in=asked)) == set(kept) & set(asked)
        transaction.set_rollback(True)


def test_a_thousand_names_are_one_parameter():
    lengths = set()
    for count in (2, 1000):
        rows = Finding.objects.filter(dedup_key__among=[str(n) for n in range(count)])
        sql, params = rows.query.sql_with_params()
        lengths.add((len(sql), len(params)))
    assert len(lengths) == 1


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=3), values, max_size=3)
pieces = st.builds(
    Evidence, query=st.text(max_size=4), params=objects, value=objects, caption=st.text(max_size=4)
)


@given(st.lists(pieces, max_size=3))
def test_evidence_as_text_is_the_evidence(evidence):
    spelled = {}
    for told in (evidence, [*evidence, *evidence]):  # what was spelled before is found again
        assert json.loads(evidence_text(told, spelled)) == spell_evidence(told)
    assert len(spelled) == len({id(one.value) for one in evidence})
