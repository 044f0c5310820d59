"""Repair Chaser: fills the slots of broken nodes with spares, and escalates ageing repairs."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from scuderia.basics.units import Quantity, percent
from scuderia.crew.agents import proposal_builders
from scuderia.crew.agents.fleet_agent import FleetAgent
from scuderia.crew.agents.lemon_scout import lemons_of
from scuderia.crew.agents.proposal_builders import WEEK_DAYS, WEEK_H, AgentContext
from scuderia.crew.engine.assign_spares import assign_by_cluster, assign_spares
from scuderia.crew.engine.forecasts import forecast_escalation, forecast_swap
from scuderia.crew.engine.outlook import FleetOutlook, fleet_outlook
from scuderia.fleet.engine.snapshot import FleetSnapshot, NodeView
from scuderia.fleet.nouns import GPU_HOURS
from scuderia.loop.nouns import Evidence, FindingDraft, ProposalDraft, Rehearsal, Round

SWAP_NODE = "fleet.swap_node"
ESCALATE = "fleet.escalate_repair"
SWAP_KEPT = "freeze.swap_kept"
SWAP_AFTER_H = 4.0
ESCALATE_AFTER_H = 72.0
ESCALATED_WITHIN_H = 48.0
DEGRADED_NAMED_MAX = 20
ESCALATE_LIMITS = (
    f"An escalated repair is taken to end within {ESCALATED_WITHIN_H:.0f} h: a promise of the "
    "repair shop, not a measurement. "
)


class RepairChaser(FleetAgent):
    """Watches repairs grow old."""

    name = "repair-chaser"
    title = "Repair Chaser"
    job = "Finds repairs that grow old: swaps a spare in, for a customer or a run, or escalates."
    kinds: tuple[str, ...] = (SWAP_NODE, ESCALATE, SWAP_KEPT)

    def think(self, snapshot: FleetSnapshot) -> Round:
        """Swap where a customer waits and a spare stands ready; else escalate what is old."""
        outlook = fleet_outlook(snapshot)
        swaps = swaps_of(snapshot, outlook)
        kept = kept_swaps(snapshot, outlook) if SWAP_KEPT in self.kinds else {}
        drafts, considered = [], [_looked_at(snapshot), *_left_serving(snapshot)]
        for node in broken_nodes(snapshot):
            age_h = node.age_h(snapshot.now)
            if node.name in kept:
                drafts.append(
                    draft_kept_swap(self.context, snapshot, outlook, node, kept[node.name])
                )
            elif node.name in swaps:
                drafts.append(draft_swap(self.context, snapshot, outlook, node, swaps[node.name]))
            elif age_h >= ESCALATE_AFTER_H and ESCALATE in self.kinds:
                drafts.append(self._escalation(snapshot, outlook, node))
            else:
                considered.append(_why_not(snapshot, outlook, node))
        return self.round_of(snapshot, drafts, considered)

    def _escalation(
        self, snapshot: FleetSnapshot, outlook: FleetOutlook, node: NodeView
    ) -> ProposalDraft:
        seed = proposal_builders.seed_of(ESCALATE, proposal_builders.facts_of(node))
        forecast = forecast_escalation(
            outlook.broken(node.age_h(snapshot.now)),
            cap_h=ESCALATED_WITHIN_H,
            horizon_days=WEEK_DAYS,
            seed=seed,
        )
        rehearsal = proposal_builders.slot_rehearsal(
            forecast,
            kind=ESCALATE,
            gpus=node.gpus,
            horizon_days=WEEK_DAYS,
            seed=seed,
            label=f"hours out of {node.name}",
            method="The repair as it may go on, given its age, against its end within "
            f"{ESCALATED_WITHIN_H:.0f} h:",
            limits=ESCALATE_LIMITS + proposal_builders.SWAP_LIMITS,
        )
        return proposal_builders.node_proposal(
            ESCALATE,
            node,
            params={},
            title=f"Escalate the repair of {node.name}, out for "
            f"{proposal_builders.hours(node.age_h(snapshot.now))}",
            finding=repair_finding(self.context, snapshot, outlook, node, rehearsal),
            rehearsal=rehearsal,
        )


def broken_nodes(snapshot: FleetSnapshot) -> tuple[NodeView, ...]:
    """Return the nodes that are out and not on purpose, longest first."""
    broken = [node for node in snapshot.nodes if node.is_broken]
    return tuple(sorted(broken, key=lambda node: (-node.age_h(snapshot.now), node.name)))


def _left_serving(snapshot: FleetSnapshot) -> list[str]:
    """Say of the nodes that are short of some GPUs why nothing is proposed."""
    short = [node for node in snapshot.nodes if node.is_degraded]
    return [
        f"{node.name}, short of {node.gpus_lost} of {node.gpus} GPUs for "
        f"{proposal_builders.hours(node.age_h(snapshot.now))}: it serves with the others."
        for node in sorted(short, key=lambda node: (-node.age_h(snapshot.now), node.name))
        if node.gpus_lost < node.gpus
    ][:DEGRADED_NAMED_MAX]


def swaps_of(snapshot: FleetSnapshot, outlook: FleetOutlook) -> Mapping[str, str]:
    """Return node -> spare for the swaps that Repair Chaser proposes, longest out first.

    Lemons are left to Lemon Scout, which takes its spares first: a lemon needs more than a swap.
    """
    lemons = [node for node, _ in lemons_of(snapshot, outlook)]
    pulled = {node.name for node in lemons}
    waiting = [
        node
        for node in broken_nodes(snapshot)
        if node.customer is not None
        and node.name not in pulled
        and node.age_h(snapshot.now) >= SWAP_AFTER_H
    ]
    return assign_by_cluster(waiting, lambda cluster: spares_left(snapshot, lemons, cluster))


def kept_swaps(snapshot: FleetSnapshot, outlook: FleetOutlook) -> Mapping[str, str]:
    """Return node -> spare for the nodes that are kept for a run to come and are out.

    They come after the places that customers hold: what Lemon Scout and the swaps leave is given.
    """
    sick = [
        node
        for node in broken_nodes(snapshot)
        if node.hold is not None and node.customer is None and node.hold.starts_at > snapshot.now
    ]
    if not sick:
        return {}
    lemons = [node for node, _ in lemons_of(snapshot, outlook)]
    taken = set(swaps_of(snapshot, outlook).values())
    given: dict[str, str] = {}
    for sku in sorted({node.place.sku for node in sick}):
        alike = {str(node.name) for node in snapshot.nodes if node.place.sku == sku} - taken
        wants = [node for node in sick if node.place.sku == sku]
        given |= assign_by_cluster(wants, partial(_left_of, snapshot, lemons, alike))
    return given


def _left_of(
    snapshot: FleetSnapshot, lemons: Sequence[NodeView], among: Collection[str], cluster: str
) -> list[str]:
    return [spare for spare in spares_left(snapshot, lemons, cluster) if spare in among]


def draft_kept_swap(
    context: AgentContext,
    snapshot: FleetSnapshot,
    outlook: FleetOutlook,
    node: NodeView,
    spare: str,
) -> ProposalDraft:
    """Draft that another free node is kept for the run, rehearsed for a week."""
    rehearsal = _swap_rehearsal(
        snapshot, outlook, node, SWAP_KEPT, f"node-hours that {node.name} is missing"
    )
    begins = f" from {node.hold.starts_at:%Y-%m-%d %H:%M} UTC" if node.hold else ""
    return proposal_builders.node_proposal(
        SWAP_KEPT,
        node,
        params={"spare": f"node:{spare}"},
        title=f"Keep {spare} instead of {node.name} for the run{begins}",
        finding=repair_finding(context, snapshot, outlook, node, rehearsal),
        rehearsal=rehearsal,
    )


def spares_left(snapshot: FleetSnapshot, lemons: Sequence[NodeView], cluster: str) -> list[str]:
    """Return the cluster's ready spares that Lemon Scout leaves."""
    spares = [str(spare.name) for spare in snapshot.ready_spares(cluster)]
    taken = assign_spares([str(n.name) for n in lemons if n.place.cluster == cluster], spares)
    return [spare for spare in spares if spare not in taken.values()]


def draft_swap(
    context: AgentContext,
    snapshot: FleetSnapshot,
    outlook: FleetOutlook,
    node: NodeView,
    spare: str,
) -> ProposalDraft:
    """Draft the swap of a broken node for a spare, rehearsed for a week."""
    label = f"node-hours lost to {node.customer}'s slot"
    rehearsal = _swap_rehearsal(snapshot, outlook, node, SWAP_NODE, label)
    return proposal_builders.node_proposal(
        SWAP_NODE,
        node,
        params=proposal_builders.swap_params(node, spare),
        title=f"Swap {node.name} for {spare}, so that {node.customer} has its node back",
        finding=repair_finding(context, snapshot, outlook, node, rehearsal),
        rehearsal=rehearsal,
    )


def _swap_rehearsal(
    snapshot: FleetSnapshot, outlook: FleetOutlook, node: NodeView, kind: str, label: str
) -> Rehearsal:
    """Draw a week of the node's place with a spare in it beside the repair as it may go on."""
    seed = proposal_builders.seed_of(kind, proposal_builders.facts_of(node))
    slot = outlook.broken(node.age_h(snapshot.now))
    forecast = forecast_swap(slot, outlook.serving(), horizon_days=WEEK_DAYS, seed=seed)
    return proposal_builders.slot_rehearsal(
        forecast,
        kind=kind,
        gpus=node.gpus,
        horizon_days=WEEK_DAYS,
        seed=seed,
        label=label,
        method="The repair as it may go on, given its age, against a spare in the slot:",
        limits=proposal_builders.SWAP_LIMITS,
    )


def repair_finding(
    context: AgentContext,
    snapshot: FleetSnapshot,
    outlook: FleetOutlook,
    node: NodeView,
    week_ahead: Rehearsal,
) -> FindingDraft:
    """Claim how likely the node is to be out for another day, and a week.

    week_ahead   what the node or its slot loses in a week if nothing is done, and the rest
    """
    age_h = node.age_h(snapshot.now)
    day = outlook.repairs.chance_longer(24.0, age_h=age_h)
    week = outlook.repairs.chance_longer(WEEK_H, age_h=age_h)
    lost_h = week_ahead.do_nothing if node.customer or node.hold else 0.0
    holder = f" and keeps a slot of {node.customer} empty" if node.customer else ""
    if node.hold and not node.customer:
        holder = f", kept for the run of {node.hold.customer} from {node.hold.starts_at:%Y-%m-%d}"
    return FindingDraft(
        kind="crew.ageing_repair",
        subject=node.place.ref,
        claim=f"{node.name} has been out for {proposal_builders.hours(age_h)}{holder}; "
        f"it stays out another day with chance {percent(day, 0)}, another week with "
        f"{percent(week, 0)}",
        confidence=round(day, 3),
        severity=Quantity(round(node.gpus * lost_h, 1), GPU_HOURS),
        evidence=(
            proposal_builders.repair_evidence(context, snapshot, node),
            _tail_evidence(context, snapshot, outlook, node),
            proposal_builders.pool_evidence(context, snapshot, node.place.cluster),
        ),
        dedup_key=f"crew.ageing_repair:{node.place.ref}",
    )


def _tail_evidence(
    context: AgentContext, snapshot: FleetSnapshot, outlook: FleetOutlook, node: NodeView
) -> Evidence:
    week = outlook.repairs.chance_longer(WEEK_H, age_h=node.age_h(snapshot.now))
    return context.cite(
        "repair_outlook",
        {"node": str(node.name), "at": snapshot.now.isoformat()},
        f"Of repairs that took as long, {percent(week, 0)} took another week "
        f"({outlook.repairs.repairs} of this fleet's own stand behind it)",
        link=proposal_builders.node_link(node.name),
        seen={"node": str(node.name), "chance_week": round(week, 4)},
    )


def _looked_at(snapshot: FleetSnapshot) -> str:
    broken = broken_nodes(snapshot)
    held = sum(node.customer is not None for node in broken)
    return f"{len(snapshot.nodes)} nodes: {len(broken)} out of service, {held} of them held."


def _why_not(snapshot: FleetSnapshot, outlook: FleetOutlook, node: NodeView) -> str:
    age = proposal_builders.hours(node.age_h(snapshot.now))
    if node.name in {lemon.name for lemon, _ in lemons_of(snapshot, outlook)}:
        return f"{node.name}, out for {age}: left to Lemon Scout, which would pull it."
    if node.customer is not None and node.age_h(snapshot.now) >= SWAP_AFTER_H:
        return f"{node.name}, out for {age}: no spare is left, and it is too young to escalate."
    if node.customer is not None:
        return f"{node.name}, out for {age}: under {SWAP_AFTER_H:.0f} h, it may return by itself."
    return f"{node.name}, out for {age}: no customer waits, under {ESCALATE_AFTER_H:.0f} h."
