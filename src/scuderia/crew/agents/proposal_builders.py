"""What every agent's drafts share: seeds, evidence, swaps and their rehearsal, words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scuderia.basics.canonical import JsonObject, sha256_of
from scuderia.basics.capacity import CapacityUnit
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused, Unable
from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import Quantity, figure
from scuderia.crew.engine import effects
from scuderia.crew.engine.coverage import coverage_words
from scuderia.crew.engine.effects import Forecast
from scuderia.crew.engine.forecasts import FUTURES
from scuderia.crew.engine.repairs import PRIOR_REPAIRS
from scuderia.fleet.engine.lemon import HORIZON_DAYS
from scuderia.fleet.engine.snapshot import FleetSnapshot, NodeView
from scuderia.fleet.nouns import GPU_HOURS
from scuderia.loop.nouns import Evidence, FindingDraft, Plan, ProposalDraft, Rehearsal
from scuderia.loop.ports import EvidenceQuery, Seen, SnapshotReader

WEEK_DAYS = 7.0
WEEK_H = 168.0
DOUBT = ", as likely to harm as to help"
TITLE_MAX = 200
SWAP_LIMITS = (
    "The spare is at work within an hour of the action. Repair lengths and rates are those of "
    f"this fleet, joined to {PRIOR_REPAIRS:.0f} repairs' worth of a published year while its own "
    "history is thin. One customer's slot is drawn: what its work does elsewhere is not modelled."
)

Objections = Callable[[Plan, AwareDatetime], Sequence[str]]
"""Asks, through the loop's port, which preconditions of a plan do not hold; never acts."""


def _no_objection(_plan: Plan, _now: AwareDatetime) -> Sequence[str]:
    return ()


@dataclass(slots=True)
class AgentContext:
    """What an agent may ask: a snapshot by its type, evidence by name, objections to a plan."""

    evidence: Mapping[str, EvidenceQuery] = field(default_factory=dict)
    objections: Objections = _no_objection
    snapshots: Mapping[type, SnapshotReader] = field(default_factory=dict)

    def snapshot(self, kind: type[Seen], *, now: AwareDatetime) -> Seen | None:
        """Return what a room's books tell at `now`; None where no such room or nothing to see."""
        read = self.snapshots.get(kind)
        seen = read(now) if read else None
        return seen if isinstance(seen, kind) else None

    def cite(
        self, query: str, params: JsonObject, caption: str, *, link: str, seen: JsonObject
    ) -> Evidence:
        """Return evidence with the value that the registered query gives, else what was seen."""
        known = self.evidence.get(query)
        if known is None:
            return Evidence(query, params, seen, caption, link)
        try:
            return Evidence(query, params, known.run(params), caption, link)
        except (Refused, Unable):
            return Evidence(query, params, seen, caption, link)

    def objection(self, proposal: ProposalDraft, *, now: AwareDatetime) -> str:
        """Return why the proposal could not be carried out as things stand; "" if it could.

        raises   Unable: the world is silent, so that nothing can be said
        """
        plan = Plan(proposal.kind, proposal.targets, proposal.params)
        try:
            return "; ".join(self.objections(plan, now))
        except Refused as refusal:
            return refusal.message


def seed_of(*facts: str) -> int:
    """Return the seed that these facts, and no others, give."""
    return int(sha256_of(list(facts))[:8], 16)


def facts_of(node: NodeView) -> str:
    """Return what a rehearsal of this node hangs on, for its seed."""
    return f"{node.name}/{node.out_since.isoformat() if node.out_since else 'serving'}"


def customer_ref(node: NodeView) -> SubjectRef:
    """Return the customer that holds the node as a subject."""
    return SubjectRef("customer", str(node.customer))


def swap_params(node: NodeView, spare: str) -> JsonObject:
    """Return the parameters of a plan that puts a spare into the node's slot."""
    return {"spare": f"node:{spare}", "customer": str(customer_ref(node))}


def slot_rehearsal(
    forecast: Forecast,
    *,
    kind: str,
    gpus: int,
    horizon_days: float,
    seed: int,
    label: str,
    method: str,
    limits: str,
) -> Rehearsal:
    """Return the rehearsal of one slot's forecast; `method` says what is set against what."""
    return rehearsal_of(
        forecast,
        kind=kind,
        gpus=gpus,
        horizon_days=horizon_days,
        label=label,
        method=f"{method} {FUTURES} futures of the slot, each replayed in the twin under both.",
        limits=limits,
        inputs={"seed": seed, "futures": FUTURES, "horizon_days": horizon_days},
    )


def rehearsal_of(
    forecast: Forecast,
    *,
    kind: str,
    gpus: int,
    horizon_days: float,
    label: str,
    method: str,
    limits: str,
    inputs: JsonObject,
) -> Rehearsal:
    """Return a forecast of node-hours lost as the loop's rehearsal.

    kind     whose intervals are said to have held so and so often; a variant after a comma
    gpus     of one node, for what waiting costs
    label    what is lost and whose it is, in words for people
    inputs   the seed, and what else a reader needs to run it again
    """
    nothing, acting = (round(hours, 2) for hours in forecast.lost)
    gain = round(nothing - acting, 2)
    low, high = forecast.saved_between
    reckoned = effects.cost_words(gain, gpus=gpus, horizon_days=horizon_days)
    return Rehearsal(
        metric="node_hours_lost",
        unit="node-hours",
        horizon_days=horizon_days,
        do_nothing=nothing,
        expected=acting,
        low=min(round(forecast.low, 2), acting),
        high=max(round(forecast.high, 2), acting),
        better="lower",
        method=f"{method} {effects.DEFINITION} (seed {inputs['seed']}). {reckoned}.",
        limits=limits,
        inputs=inputs,
        label=label,
        gain_low=min(round(low, 2), gain),
        gain_high=max(round(high, 2), gain),
        helps=round(forecast.helps, 4),
        harms=round(forecast.harms, 4),
        held=coverage_words(kind),
        capacity=CapacityUnit("GPUs", GPU_HOURS, gpus),
    )


def cost_of_delay(rehearsal: Rehearsal, gpus: int) -> Quantity:
    """Return what a day of waiting costs, by the figures that the rehearsal shows."""
    amount = effects.cost_of_delay(rehearsal.gain, gpus=gpus, horizon_days=rehearsal.horizon_days)
    return Quantity(amount, GPU_HOURS)


def node_proposal(
    kind: str,
    node: NodeView,
    *,
    params: JsonObject,
    title: str,
    finding: FindingDraft,
    rehearsal: Rehearsal,
) -> ProposalDraft:
    """Return the proposal of one action on one node; the same node and kind is one proposal."""
    return ProposalDraft(
        kind=kind,
        targets=(node.place.ref,),
        params=params,
        title=title,
        findings=(finding,),
        rehearsal=rehearsal,
        cost_of_delay=cost_of_delay(rehearsal, node.gpus),
        dedup_key=f"{kind}:{node.place.ref}",
    )


def outages_evidence(context: AgentContext, snapshot: FleetSnapshot, node: NodeView) -> Evidence:
    """Cite the node's outages of 28 days."""
    starts = node.history.starts
    recent = int((starts > snapshot.today - HORIZON_DAYS).sum())
    return context.cite(
        "node_outages",
        {"node": str(node.name), "days": HORIZON_DAYS, "at": snapshot.now.isoformat()},
        f"{node.name} went out {times(recent)} in the last 28 days",
        link=node_link(node.name),
        seen={"node": str(node.name), "outages": recent},
    )


def repair_evidence(context: AgentContext, snapshot: FleetSnapshot, node: NodeView) -> Evidence:
    """Cite how long the node has been out."""
    age_h = node.age_h(snapshot.now)
    return context.cite(
        "repair_age",
        {"node": str(node.name), "at": snapshot.now.isoformat()},
        _since(node, age_h),
        link=node_link(node.name),
        seen={"node": str(node.name), "out": node.is_broken, "age_hours": round(age_h, 2)},
    )


def _since(node: NodeView, age_h: float) -> str:
    if node.is_degraded:
        return f"It has been short of {node.gpus_lost} of {node.gpus} GPUs for {hours(age_h)}"
    return f"It has been out for {hours(age_h)}" if node.is_broken else "It is in service now"


def pool_evidence(context: AgentContext, snapshot: FleetSnapshot, cluster: str) -> Evidence:
    """Cite the spares that stand ready."""
    ready, target = len(snapshot.ready_spares(cluster)), dict(snapshot.pools).get(cluster, 0)
    return context.cite(
        "spare_pool_state",
        {"cluster": cluster, "at": snapshot.now.isoformat()},
        f"{ready} spares stand ready in {cluster}; the pool is meant to keep {target}",
        link="/fleet",
        seen={"cluster": cluster, "ready": ready, "target": target},
    )


@dataclass(slots=True)
class Possible:
    """Proposals that could be carried out now, and what became of the others.

    orphans   findings of proposals that were dropped
    why       for each of those, the reason
    unseen    targets of which a silent world said nothing
    """

    kept: tuple[ProposalDraft, ...] = ()
    orphans: tuple[FindingDraft, ...] = ()
    why: tuple[str, ...] = ()
    unseen: frozenset[SubjectRef] = frozenset()


def keep_possible(
    context: AgentContext, proposals: Sequence[ProposalDraft], *, now: AwareDatetime
) -> Possible:
    """Split proposals into those worth carrying out now and the findings of the others.

    returns   those kept say in their title where acting is as likely to harm as to help
    """
    split = Possible()
    for proposal in proposals:
        try:
            objection = context.objection(proposal, now=now) or _worthless(proposal.rehearsal)
        except Unable as silent:
            objection = silent.message
            split.unseen |= frozenset(proposal.targets)
        if objection:
            split.orphans += proposal.findings
            split.why += (f"{proposal.title}: not proposed, because {objection}.",)
        else:
            split.kept += (_titled(proposal),)
    return split


def _worthless(rehearsal: Rehearsal) -> str:
    if rehearsal.gain > 0:
        return ""
    return f"acting would save nothing on average ({figure(rehearsal.gain)} {rehearsal.unit})"


def _titled(proposal: ProposalDraft) -> ProposalDraft:
    if not proposal.rehearsal.is_doubtful:
        return proposal
    return replace(proposal, title=f"{proposal.title[: TITLE_MAX - len(DOUBT)]}{DOUBT}")


def node_link(node: str) -> str:
    """Return where the node's page stands."""
    return f"/fleet/nodes/{node}"


def hours(count: float) -> str:
    """Return hours as people say them."""
    return f"{count:.0f} h" if count < 96 else f"{count / 24:.0f} days"  # noqa: PLR2004


def times(count: int) -> str:
    """Return a count of times as people say it."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
