"""Rows written by the thousand are the rows that objects would have written, in one statement."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from scuderia.basics.ids import new_id
from scuderia.loop.models.findings import Finding, FindingScope
from scuderia.loop.models.signals import Signal
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
