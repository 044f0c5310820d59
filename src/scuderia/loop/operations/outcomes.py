"""Measuring what actions did, beside what was expected."""

import math
from datetime import timedelta

from django.db import transaction

from scuderia.basics.actors import WORKER
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.engine.json_codec import read_rehearsal
from scuderia.loop.engine.outcomes import verdict_of
from scuderia.loop.models.outcomes import Outcome
from scuderia.loop.nouns import Measurement, OutcomeVerdict
from scuderia.loop.operations.halting import record
from scuderia.loop.operations.preflight import plan_of
from scuderia.loop.ports import executor_of
from scuderia.loop.queries.outcomes import promise_of

PATIENCE = timedelta(days=7)
"""How long after its horizon an outcome may stay unmeasured before it is called inconclusive."""
BATCH = 500


def measure_due(*, now: AwareDatetime) -> int:
    """Measure every open outcome that can be measured; return how many got their verdict."""
    still_open = Outcome.objects.filter(verdict__isnull=True).select_related(
        "action__proposal", "action__decision"
    )
    return sum(_measure(outcome, now) for outcome in still_open.order_by("due_at")[:BATCH])


def _measure(outcome: Outcome, now: AwareDatetime) -> bool:
    """Take one measurement; say whether it was final."""
    found, note = _ask(outcome, now)
    if found is not None and found.final and now >= outcome.due_at:
        verdict = verdict_of(promise_of(outcome), found.value)
        return _close(outcome, verdict, found.value, found.at, found.note, now)
    if now >= outcome.due_at + PATIENCE:
        note = note or "it could not be measured within a week of its horizon"
        return _close(outcome, OutcomeVerdict.INCONCLUSIVE, None, now, note, now)
    if found is not None and math.isfinite(found.value):
        Outcome.objects.filter(pk=outcome.pk, verdict__isnull=True).update(
            value=found.value, measured_at=found.at, note=found.note
        )
    return False


def _ask(outcome: Outcome, now: AwareDatetime) -> tuple[Measurement | None, str]:
    action = outcome.action
    try:
        executor = executor_of(action.kind)
        rehearsal = read_rehearsal(action.proposal.rehearsal)
        return (
            executor.measure(plan_of(action), rehearsal, acted_at=outcome.acted_at, now=now),
            "",
        )
    except Exception as error:  # noqa: BLE001 - one broken measurement must not stop the others
        return None, f"{type(error).__name__}: {error}"[:300]


@transaction.atomic
def _close(
    outcome: Outcome,
    verdict: OutcomeVerdict,
    value: float | None,
    at: AwareDatetime,
    note: str,
    now: AwareDatetime,
) -> bool:
    known = value if value is not None and math.isfinite(value) else None
    changed = Outcome.objects.filter(pk=outcome.pk, verdict__isnull=True).update(
        verdict=verdict, value=known, measured_at=at, note=note
    )
    if changed:
        detail = {"verdict": verdict, "value": known, "expected": outcome.expected}
        record(WORKER, "outcome.measured", outcome.action, at=now, detail=detail, reason=note)
    return bool(changed)
