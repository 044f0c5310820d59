"""SLA Watch: says which customer will miss its month, by when, and which swaps would prevent it."""

from dataclasses import dataclass, replace
from datetime import timedelta

from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import Quantity, percent
from scuderia.crew.agents import proposal_builders
from scuderia.crew.agents.fleet_agent import FleetAgent
from scuderia.crew.agents.lemon_scout import lemons_of
from scuderia.crew.agents.repair_chaser import (
    SWAP_NODE,
    broken_nodes,
    draft_swap,
    spares_left,
    swaps_of,
)
from scuderia.crew.engine.assign_spares import assign_spares
from scuderia.crew.engine.customer_months import MonthOutlook, MonthState, month_outlook
from scuderia.crew.engine.outlook import FleetOutlook, fleet_outlook
from scuderia.fleet.engine.snapshot import CustomerMonth, FleetSnapshot, NodeView
from scuderia.fleet.nouns import GPU_HOURS
from scuderia.loop.nouns import Evidence, FindingDraft, ProposalDraft, Round

CHANCE_TOLD = 0.5
CHANCE_WON_MIN = 0.01


@dataclass(frozen=True, slots=True)
class MonthCase:
    """One customer's month: as it stands, and with every broken slot filled at once.

    broken    nodes that the customer holds and that are out, in the order of MonthState.open_h
    filled    drawn with the same seed as `outlook`
    """

    month: CustomerMonth
    broken: tuple[NodeView, ...]
    outlook: MonthOutlook
    filled: MonthOutlook


class SlaWatch(FleetAgent):
    """Watches each customer's month in the customer's own time zone."""

    name = "sla-watch"
    title = "SLA Watch"
    job = "Says which customer will miss its month, by when, and what would prevent it."
    kinds: tuple[str, ...] = (SWAP_NODE,)

    def think(self, snapshot: FleetSnapshot) -> Round:
        """Draw each month to its end; claim, and propose what nobody else proposes."""
        outlook = fleet_outlook(snapshot)
        findings, drafts, considered = [], [], []
        for month in snapshot.months:
            case = month_case(snapshot, outlook, month)
            if not _is_told(case):
                considered.append(_why_quiet(case))
                continue
            finding = self._finding(snapshot, case)
            findings.append(finding)
            made, why = self._swaps(snapshot, outlook, case, finding)
            drafts += made
            considered += why
        if not snapshot.months:
            considered.append("No customer was promised anything.")
        return self.round_of(snapshot, drafts, considered, findings=findings)

    def _finding(self, snapshot: FleetSnapshot, case: MonthCase) -> FindingDraft:
        month, told = case.month, case.outlook
        customer = SubjectRef("customer", str(month.customer))
        gpus = max((node.gpus for node in snapshot.nodes), default=0)
        lost_h = max(1 - told.expected - (1 - month.target), 0.0) * _month_h(month) * month.nodes
        return FindingDraft(
            kind="crew.month_at_risk",
            subject=customer,
            claim=f"{month.customer} will end {month.starts_at:%B} below "
            f"{percent(month.target, 1)} with chance {percent(told.chance_missed, 0)}: "
            f"{percent(told.expected)} expected (80%: {percent(told.low)} to "
            f"{percent(told.high)}); {_by_when(snapshot, case)}. {_prevention(case)}",
            confidence=round(told.chance_missed, 3),
            severity=Quantity(
                round(lost_h * gpus * 168 / max(_left_h(snapshot, month), 168), 1), GPU_HOURS
            ),
            evidence=(
                self.context.cite(
                    "customer_month",
                    {"customer": str(month.customer), "at": snapshot.now.isoformat()},
                    f"So far {_said_so_far(month)} against {percent(month.target, 1)}, in "
                    f"{month.time_zone}",
                    link=f"/fleet/customers/{month.customer}",
                    seen={"customer": str(month.customer), "availability": _so_far(month)},
                ),
                self._outlook_evidence(snapshot, case),
                self._broken_evidence(snapshot, case),
            ),
            dedup_key=f"crew.month_at_risk:{customer}:{month.starts_at:%Y-%m}",
        )

    def _outlook_evidence(self, snapshot: FleetSnapshot, case: MonthCase) -> Evidence:
        told = case.outlook
        return self.context.cite(
            "month_outlook",
            {"customer": str(case.month.customer), "at": snapshot.now.isoformat()},
            f"The promise leaves {told.budget_h:.0f} node-hours of downtime this month; "
            f"{case.month.downtime_s / 3600:.0f} are used",
            link=f"/fleet/customers/{case.month.customer}",
            seen={"chance_missed": told.chance_missed, "expected": told.expected},
        )

    def _broken_evidence(self, snapshot: FleetSnapshot, case: MonthCase) -> Evidence:
        if case.broken:
            return proposal_builders.repair_evidence(self.context, snapshot, case.broken[0])
        cluster = next(
            (n.place.cluster for n in snapshot.nodes if n.customer == case.month.customer), ""
        )
        return proposal_builders.pool_evidence(self.context, snapshot, cluster)

    def _swaps(
        self, snapshot: FleetSnapshot, outlook: FleetOutlook, case: MonthCase, finding: FindingDraft
    ) -> tuple[list[ProposalDraft], list[str]]:
        chased = swaps_of(snapshot, outlook)
        lemons = [node for node, _ in lemons_of(snapshot, outlook)]
        pulled = {node.name for node in lemons}
        won = case.outlook.chance_missed - case.filled.chance_missed
        drafts: list[ProposalDraft] = []
        why: list[str] = []
        for node in case.broken:
            left = [
                spare
                for spare in spares_left(snapshot, lemons, node.place.cluster)
                if spare not in chased.values()
                and all(draft.params["spare"] != f"node:{spare}" for draft in drafts)
            ]
            if node.name in chased or node.name in pulled:
                why.append(f"{node.name}: left to the agent that proposes its swap already.")
            elif won < CHANCE_WON_MIN:
                why.append(f"{node.name}: a swap would not change how the month ends.")
            elif not left:
                why.append(f"{node.name}: no spare is left.")
            else:
                spare = assign_spares([str(node.name)], left)[str(node.name)]
                draft = draft_swap(self.context, snapshot, outlook, node, spare)
                drafts.append(replace(draft, findings=(finding, *draft.findings)))
        return drafts, why


def month_case(snapshot: FleetSnapshot, outlook: FleetOutlook, month: CustomerMonth) -> MonthCase:
    """Draw the rest of a customer's month, as it stands and with its broken slots filled."""
    broken = tuple(n for n in broken_nodes(snapshot) if n.customer == month.customer)
    state = MonthState(
        target=month.target,
        served_h=month.served_s / 3600,
        lost_h=month.downtime_s / 3600,
        nodes=month.nodes,
        left_h=_left_h(snapshot, month),
        open_h=tuple(node.age_h(snapshot.now) for node in broken),
        failures_per_day=outlook.failures_per_day,
    )
    seed = proposal_builders.seed_of("month", str(month.customer), f"{month.starts_at:%Y-%m}")
    return MonthCase(
        month,
        broken,
        month_outlook(state, outlook.repairs, seed=seed),
        month_outlook(state, outlook.repairs, seed=seed, without=frozenset(range(len(broken)))),
    )


def _is_told(case: MonthCase) -> bool:
    something = case.month.downtime_s > 0 or bool(case.broken)
    return something and case.month.nodes > 0 and case.outlook.chance_missed >= CHANCE_TOLD


def _why_quiet(case: MonthCase) -> str:
    month = case.month
    return (
        f"{month.customer}: {_said_so_far(month)} so far against {percent(month.target, 1)}; the "
        f"chance to miss {month.starts_at:%B} is {percent(case.outlook.chance_missed, 0)}, under "
        f"{percent(CHANCE_TOLD, 0)} or without an outage so far."
    )


def _by_when(snapshot: FleetSnapshot, case: MonthCase) -> str:
    after_h = case.outlook.hours_to_miss
    if after_h is None:
        return "the budget holds"
    if after_h == 0.0:
        return "its downtime budget is used up already"
    gone = (snapshot.now + timedelta(hours=after_h)).astimezone(case.month.starts_at.tzinfo)
    return f"its downtime budget is gone by {gone:%d %B %H:00} ({case.month.time_zone})"


def _prevention(case: MonthCase) -> str:
    if not case.broken:
        return "No node of its is out now: nothing to swap."
    names = ", ".join(node.name for node in case.broken[:5])
    more = f" and {len(case.broken) - 5} more" if len(case.broken) > 5 else ""  # noqa: PLR2004
    slots = f"Filling the slots of {names}{more} at once"
    if case.outlook.chance_missed - case.filled.chance_missed < CHANCE_WON_MIN:
        return f"{slots} would end it at {percent(case.filled.expected)}: late, but less."
    return f"{slots} brings the chance to {percent(case.filled.chance_missed, 0)}."


def _so_far(month: CustomerMonth) -> float | None:
    booked = month.served_s + month.downtime_s
    return round(month.served_s / booked, 6) if booked else None


def _said_so_far(month: CustomerMonth) -> str:
    share = _so_far(month)
    return "unknown" if share is None else percent(share)


def _left_h(snapshot: FleetSnapshot, month: CustomerMonth) -> float:
    return max((month.ends_at - snapshot.now).total_seconds() / 3600, 0.0)


def _month_h(month: CustomerMonth) -> float:
    return (month.ends_at - month.starts_at).total_seconds() / 3600
