"""A question that is spelled once answers as the ORM does each time, whatever its values."""

from datetime import timedelta
from unittest import mock

import pytest
from django.db import transaction
from django.db.models.sql.compiler import SQLCompiler
from hypothesis import example, given
from hypothesis import strategies as st

from scuderia.loop.models.findings import Finding
from scuderia.loop.queries.questions import Question
from tests.loop.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def asked(keys, kind, amount):
    rows = Finding.objects.filter(dedup_key__among=keys, kind=kind, severity_amount__gte=amount)
    return rows.order_by("dedup_key").values_list(
        "id", "dedup_key", "severity_amount", "evidence", "opened_at", "cleared_at"
    )


def claim(key, kind, amount):
    Finding.objects.create(
        kind=kind, subject="valve:v1", claim="stuck", confidence=1.0, severity_amount=amount,
        severity_rank=0.0, dedup_key=key, raised_by="drill", refreshed_at=NOW,
        opened_at=NOW + timedelta(hours=amount), evidence=[{"value": key}],
    )  # fmt: skip


keys = st.lists(st.sampled_from(("a", "b'c", 'd"e', "%s", "ü", "2305843009213693952")), max_size=5)
kinds = st.sampled_from(("x", "%s", "y"))


@given(st.dictionaries(keys.map("".join), kinds, max_size=6), keys, kinds, st.integers(0, 3))
@example({"%s": "%s"}, ["%s"], "%s", 0)
def test_a_question_answers_as_the_orm_does(kept, mine, kind, amount):
    question = Question(asked)
    with transaction.atomic():
        for place, (key, its_kind) in enumerate(kept.items()):
            claim(key, its_kind, place)
        for values in ((mine, kind, amount), ([*kept], "x", 1), ([], "y", 0)):
            told = list(asked(*values))
            assert question.read(*values) == told
            assert [row[1:3] for row in question.rows(*values)] == [row[1:3] for row in told]
        transaction.set_rollback(True)


def test_a_question_is_spelled_at_its_first_asking_alone():
    question = Question(asked)
    with mock.patch.object(
        SQLCompiler, "as_sql", autospec=True, side_effect=SQLCompiler.as_sql
    ) as it:
        for count in (1, 2, 500):
            question.rows([f"k{n}" for n in range(count)], "x", count)
    assert it.call_count == 1
