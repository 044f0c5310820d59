"""Repair Chaser: fills the slots of broken nodes with spares, and escalates ageing repairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scuderia.basics.clock import AwareDatetime
from scuderia.crew.engine.futures import forecast_escalation, forecast_swap
from scuderia.crew.engine.outlook import FleetOutlook, fleet_outlook
from scuderia.crew.engine.spares import hand_out
from scuderia.crew.nouns import FleetPicture, NodeLook
from scuderia.crew.playbook import drafting
from scuderia.crew.playbook.drafting import WEEK_DAYS, WEEK_H, Senses
from scuderia.crew.playbook.lemon_scout import lemons_of
from scuderia.crew.queries import fleet_picture
from scuderia.loop.nouns import Evidence, FindingDraft, ProposalDraft, Round

SWAP_NODE = "fleet.swap_node"
ESCALATE = "fleet.escalate_repair"
SWAP_AFTER_H = 4.0
ESCALATE_AFTER_H = 72.0
ESCALATED_WITHIN_H = 48.0
ESCALATE_LIMITS = (
    f"An escalated repair is taken to end within {ESCALATED_WITHIN_H:.0f} h: a promise of the "
    "repair shop, not a measurement. "
)


@dataclass(slots=True)
class RepairChaser:
    """Watches repairs grow old."""

    senses: Senses = field(default_factory=Senses)
    name: str = "repair-chaser"
    title: str = "Repair Chaser"
    job: str = "Finds repairs that grow old: swaps a spare into the slot, or escalates."
    kinds: tuple[str, ...] = (SWAP_NODE, ESCALATE)

    def look(self, *, now: AwareDatetime) -> Round:
        """Look at every node that is out."""
        picture = fleet_picture(now)
        if picture is None:
            return Round(considered=("No node is on the books.",))
        return self.think(picture)

    def think(self, picture: FleetPicture) -> Round:
        """Swap where a customer waits and a spare stands ready; else escalate what is old."""
        outlook = fleet_outlook(picture)
        swaps = swaps_of(picture, outlook)
        drafts, considered = [], [_looked_at(picture)]
        for node in broken_nodes(picture):
            age_h = node.age_h(picture.now)
            if node.name in swaps:
                drafts.append(draft_swap(self.senses, picture, outlook, node, swaps[node.name]))
            elif age_h >= ESCALATE_AFTER_H:
                drafts.append(self._escalation(picture, outlook, node))
            else:
                considered.append(_why_not(picture, outlook, node))
        kept, orphans, why = drafting.keep_possible(self.senses, drafts, now=picture.now)
        return Round(orphans, kept, (*considered, *why))

    def _escalation(
        self, picture: FleetPicture, outlook: FleetOutlook, node: NodeLook
    ) -> ProposalDraft:
        seed = drafting.seed_of(ESCALATE, drafting.facts_of(node))
        forecast = forecast_escalation(
            outlook.broken(node.age_h(picture.now)),
            cap_h=ESCALATED_WITHIN_H,
            horizon_days=WEEK_DAYS,
            seed=seed,
        )
        saved = max(forecast.hours_saved, 0.0)
        return ProposalDraft(
            kind=ESCALATE,
            targets=(node.place.ref,),
            params={},
            title=f"Escalate the repair of {node.name}, out for "
            f"{drafting.hours(node.age_h(picture.now))}",
            findings=(repair_finding(self.senses, picture, outlook, node),),
            rehearsal=drafting.rehearsal_of(
                forecast,
                horizon_days=WEEK_DAYS,
                seed=seed,
                label=f"hours out of {node.name}",
                method="The repair as it may go on, given its age, against its end within "
                f"{ESCALATED_WITHIN_H:.0f} h:",
                limits=ESCALATE_LIMITS + drafting.SWAP_LIMITS,
            ),
            regret_gpu_hours_per_day=round(saved * node.gpus / WEEK_DAYS, 2),
            dedup_key=f"{ESCALATE}:{node.place.ref}",
        )


def broken_nodes(picture: FleetPicture) -> tuple[NodeLook, ...]:
    """Return the nodes that are out and not on purpose, longest first."""
    broken = [node for node in picture.nodes if node.is_broken]
    return tuple(sorted(broken, key=lambda node: (-node.age_h(picture.now), node.name)))


def swaps_of(picture: FleetPicture, outlook: FleetOutlook) -> Mapping[str, str]:
    """Return node -> spare for the swaps that Repair Chaser proposes, longest out first.

    Lemons are left to Lemon Scout, which takes its spares first: a lemon needs more than a swap.
    """
    lemons = [node for node, _ in lemons_of(picture, outlook)]
    pulled = {node.name for node in lemons}
    waiting = [
        node
        for node in broken_nodes(picture)
        if node.customer is not None
        and node.name not in pulled
        and node.age_h(picture.now) >= SWAP_AFTER_H
    ]
    given: dict[str, str] = {}
    for cluster in sorted({node.place.cluster for node in waiting}):
        wants = [str(node.name) for node in waiting if node.place.cluster == cluster]
        given.update(hand_out(wants, spares_left(picture, lemons, cluster)))
    return given


def spares_left(picture: FleetPicture, lemons: Sequence[NodeLook], cluster: str) -> list[str]:
    """Return the cluster's ready spares that Lemon Scout leaves."""
    spares = [str(spare.name) for spare in picture.ready_spares(cluster)]
    taken = hand_out([str(n.name) for n in lemons if n.place.cluster == cluster], spares)
    return [spare for spare in spares if spare not in taken.values()]


def draft_swap(
    senses: Senses, picture: FleetPicture, outlook: FleetOutlook, node: NodeLook, spare: str
) -> ProposalDraft:
    """Draft the swap of a broken node for a spare, rehearsed for a week."""
    seed = drafting.seed_of(SWAP_NODE, drafting.facts_of(node))
    slot = outlook.broken(node.age_h(picture.now))
    forecast = forecast_swap(slot, outlook.serving(), horizon_days=WEEK_DAYS, seed=seed)
    return ProposalDraft(
        kind=SWAP_NODE,
        targets=(node.place.ref,),
        params={"spare": f"node:{spare}", "customer": str(drafting.customer_ref(node))},
        title=f"Swap {node.name} for {spare}, so that {node.customer} has its node back",
        findings=(repair_finding(senses, picture, outlook, node),),
        rehearsal=drafting.rehearsal_of(
            forecast,
            horizon_days=WEEK_DAYS,
            seed=seed,
            label=f"node-hours lost to {node.customer}'s slot",
            method="The repair as it may go on, given its age, against a spare in the slot:",
            limits=drafting.SWAP_LIMITS,
        ),
        regret_gpu_hours_per_day=round(node.gpus * _hours_of_next_day(outlook, node, picture), 2),
        dedup_key=f"{SWAP_NODE}:{node.place.ref}",
    )


def _hours_of_next_day(outlook: FleetOutlook, node: NodeLook, picture: FleetPicture) -> float:
    age_h = node.age_h(picture.now)
    return sum(outlook.repairs.chance_longer(hour + 0.5, age_h=age_h) for hour in range(24))


def repair_finding(
    senses: Senses, picture: FleetPicture, outlook: FleetOutlook, node: NodeLook
) -> FindingDraft:
    """Claim how likely the node is to be out for another day, and a week."""
    age_h = node.age_h(picture.now)
    day = outlook.repairs.chance_longer(24.0, age_h=age_h)
    week = outlook.repairs.chance_longer(WEEK_H, age_h=age_h)
    holder = f" and keeps a slot of {node.customer} empty" if node.customer else ""
    lost = sum(outlook.repairs.chance_longer(12 + 24 * n, age_h=age_h) * 24 for n in range(7))
    return FindingDraft(
        kind="crew.ageing_repair",
        subject=node.place.ref,
        claim=f"{node.name} has been out for {drafting.hours(age_h)}{holder}; it stays out "
        f"another day with chance {day:.0%}, another week with {week:.0%}",
        confidence=round(day, 3),
        severity_gpu_hours=round(node.gpus * lost if node.customer else 0.0, 1),
        evidence=(
            drafting.repair_evidence(senses, picture, node),
            _tail_evidence(senses, picture, outlook, node),
            drafting.pool_evidence(senses, picture, node.place.cluster),
        ),
        dedup_key=f"crew.ageing_repair:{node.place.ref}",
    )


def _tail_evidence(
    senses: Senses, picture: FleetPicture, outlook: FleetOutlook, node: NodeLook
) -> Evidence:
    week = outlook.repairs.chance_longer(WEEK_H, age_h=node.age_h(picture.now))
    return senses.cite(
        "repair_outlook",
        {"node": str(node.name), "at": picture.now.isoformat()},
        f"Of repairs that took as long, {week:.0%} took another week "
        f"({outlook.repairs.repairs} of this fleet's own stand behind it)",
        link=drafting.node_link(node.name),
        seen={"node": str(node.name), "chance_week": round(week, 4)},
    )


def _looked_at(picture: FleetPicture) -> str:
    broken = broken_nodes(picture)
    held = sum(node.customer is not None for node in broken)
    return f"{len(picture.nodes)} nodes: {len(broken)} out of service, {held} of them held."


def _why_not(picture: FleetPicture, outlook: FleetOutlook, node: NodeLook) -> str:
    age = drafting.hours(node.age_h(picture.now))
    if node.name in {lemon.name for lemon, _ in lemons_of(picture, outlook)}:
        return f"{node.name}, out for {age}: left to Lemon Scout, which would pull it."
    if node.customer is not None and node.age_h(picture.now) >= SWAP_AFTER_H:
        return f"{node.name}, out for {age}: no spare is left, and it is too young to escalate."
    if node.customer is not None:
        return f"{node.name}, out for {age}: under {SWAP_AFTER_H:.0f} h, it may return by itself."
    return f"{node.name}, out for {age}: no customer waits, under {ESCALATE_AFTER_H:.0f} h."
