"""Keeps what a deployer says became of an update that it asked the gate for."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotAuthorised, Refused
from scuderia.freeze.models.gate_decisions import GateDecision, GateReport
from scuderia.freeze.nouns import UpdateOutcome
from scuderia.freeze.queries.gate_decisions import GateReportRow, report_row, visible_decision
from scuderia.loop.operations import audit

AHEAD_MAX = timedelta(minutes=5)
"""By how much a deployer's clock may run before ours."""


class ToldOtherwise(Refused):
    """The update's end was reported before, and otherwise; a report is written once."""

    code = "FREEZE-071"
    remedy = "Read what was said: GET /gate/decisions/ID; ask the gate anew for what comes next."


class BadReport(BadInput):
    """The report is of a whole batch, or of an end that is still to come."""

    code = "FREEZE-072"
    remedy = "Report one update, once it has ended, with the decision_id that it was given."


@transaction.atomic
def report_update(
    *,
    actor: Actor,
    decision_id: UUID,
    outcome: UpdateOutcome,
    ended_at: AwareDatetime,
    now: AwareDatetime,
) -> GateReportRow:
    """Keep how the update ended; the same report again changes nothing.

    raises   NotFound; NotAuthorised: somebody else asked; ToldOtherwise; BadReport
    """
    visible_decision(actor, decision_id)
    decision = GateDecision.objects.select_for_update().get(pk=decision_id)
    if decision.asked_by != str(actor):
        raise NotAuthorised(f"{decision.asked_by} asked, and reports it alone", actor=actor)
    if decision.root:
        raise BadReport("that decision is of a batch of updates")
    if ended_at > now + AHEAD_MAX:
        raise BadReport("the update is said to end later than now")
    before = GateReport.objects.filter(decision=decision).first()
    if before is not None:
        if (before.outcome, before.ended_at) != (outcome.value, ended_at):
            raise ToldOtherwise(f"it was reported as {before.outcome}")
        return report_row(before)
    report = GateReport.objects.create(
        decision=decision,
        outcome=outcome.value,
        ended_at=ended_at,
        reported_at=now,
        reported_by=str(actor),
        via=actor.via,
    )
    audit.record(
        actor,
        "freeze.update.reported",
        subject=f"gate_decision:{decision.pk}",
        at=now,
        detail={"outcome": outcome.value, "allowed": decision.allowed},
    )
    return report_row(report)
