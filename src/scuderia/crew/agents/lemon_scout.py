"""Lemon Scout: proposes to pull a node that keeps failing, before it fails its customer again."""

from scuderia.basics.units import Quantity, figure, percent
from scuderia.crew.agents import proposal_builders
from scuderia.crew.agents.fleet_agent import FleetAgent
from scuderia.crew.agents.proposal_builders import WEEK_DAYS
from scuderia.crew.engine.assign_spares import assign_by_cluster
from scuderia.crew.engine.forecasts import SlotOutlook, forecast_swap
from scuderia.crew.engine.outlook import FleetOutlook, fleet_outlook
from scuderia.fleet.engine.lemon import HORIZON_DAYS, LemonScore
from scuderia.fleet.engine.lemon_rules import PULL_OUTAGES
from scuderia.fleet.engine.snapshot import FleetSnapshot, NodeView
from scuderia.fleet.nouns import GPU_HOURS, NodeState
from scuderia.loop.nouns import Evidence, FindingDraft, ProposalDraft, Rehearsal, Round

PULL_LEMON = "fleet.pull_lemon"
LIMITS = (
    "What pulls at this score were worth is measured beside the finding. The spare is taken to "
    "fail as often as the fleet. "
)


class LemonScout(FleetAgent):
    """Watches who relapses."""

    name = "lemon-scout"
    title = "Lemon Scout"
    job = "Finds nodes that keep failing and proposes to pull them for an overhaul."
    kinds: tuple[str, ...] = (PULL_LEMON,)

    def think(self, snapshot: FleetSnapshot) -> Round:
        """Score the nodes, and propose for those that stand out."""
        outlook = fleet_outlook(snapshot)
        lemons = lemons_of(snapshot, outlook)
        spares = assign_by_cluster(
            [node for node, _ in lemons],
            lambda cluster: [spare.name for spare in snapshot.ready_spares(cluster)],
        )
        drafts, findings, considered = [], [], [_looked_at(snapshot, outlook, lemons)]
        for node, score in lemons:
            rehearsal = _rehearsal(snapshot, outlook, node, score)
            finding = self._finding(snapshot, node, score, rehearsal)
            spare = spares.get(node.name)
            if spare is None:
                findings.append(finding)
                considered.append(f"{node.name}: not proposed, because no spare stands ready.")
            else:
                drafts.append(_proposal(node, spare, finding, rehearsal))
        considered += _near_misses(snapshot, outlook, lemons)
        return self.round_of(snapshot, drafts, considered, findings=findings)

    def _finding(
        self,
        snapshot: FleetSnapshot,
        node: NodeView,
        score: LemonScore,
        rehearsal: Rehearsal,
    ) -> FindingDraft:
        """Claim that it fails again; it costs what the rehearsal loses if nothing is done."""
        lost_h = rehearsal.do_nothing * WEEK_DAYS / rehearsal.horizon_days
        return FindingDraft(
            kind="crew.lemon",
            subject=node.place.ref,
            claim=f"{node.name} will fail again within 28 days of service with chance "
            f"{percent(score.probability, 0)}: out "
            f"{proposal_builders.times(score.outages_28d)} in 28 days, "
            f"{score.outages_90d} times in 90",
            confidence=round(score.probability, 3),
            severity=Quantity(round(node.gpus * lost_h, 1), GPU_HOURS),
            evidence=(
                self._score_evidence(snapshot, node, score),
                proposal_builders.outages_evidence(self.context, snapshot, node),
                self._worth_evidence(snapshot, node),
            ),
            dedup_key=f"crew.lemon:{node.place.ref}",
        )

    def _score_evidence(
        self, snapshot: FleetSnapshot, node: NodeView, score: LemonScore
    ) -> Evidence:
        name, _, outages = score.drivers[0]
        return self.context.cite(
            "lemon_score",
            {"node": str(node.name), "at": snapshot.now.isoformat()},
            f"Lemon score {percent(score.probability, 0)}, driven most by: {name} "
            f"({figure(round(outages, 3))} outages in 28 days)",
            link=proposal_builders.node_link(node.name),
            seen={"node": str(node.name), "probability": round(score.probability, 4)},
        )

    def _worth_evidence(self, snapshot: FleetSnapshot, node: NodeView) -> Evidence:
        return self.context.cite(
            "lemon_backtest",
            {"at": snapshot.now.isoformat()},
            "What the score was worth when it was back-tested, beside the rule of 2 outages in 28 "
            "days",
            link=f"{proposal_builders.node_link(node.name)}#worth",
            seen={},
        )


def _rehearsal(
    snapshot: FleetSnapshot, outlook: FleetOutlook, node: NodeView, score: LemonScore
) -> Rehearsal:
    seed = proposal_builders.seed_of(PULL_LEMON, proposal_builders.facts_of(node))
    forecast = forecast_swap(
        _slot(snapshot, outlook, node, score),
        outlook.serving(),
        horizon_days=HORIZON_DAYS,
        seed=seed,
    )
    return proposal_builders.slot_rehearsal(
        forecast,
        kind=PULL_LEMON,
        gpus=node.gpus,
        horizon_days=HORIZON_DAYS,
        seed=seed,
        label=f"node-hours lost to {node.customer}'s slot",
        method="The node's own lemon score against a spare that fails like the fleet:",
        limits=LIMITS + proposal_builders.SWAP_LIMITS,
    )


def _proposal(
    node: NodeView, spare: str, finding: FindingDraft, rehearsal: Rehearsal
) -> ProposalDraft:
    return proposal_builders.node_proposal(
        PULL_LEMON,
        node,
        params=proposal_builders.swap_params(node, spare),
        title=f"Pull {node.name} for an overhaul and give {node.customer} {spare}",
        finding=finding,
        rehearsal=rehearsal,
    )


def lemons_of(
    snapshot: FleetSnapshot, outlook: FleetOutlook
) -> tuple[tuple[NodeView, LemonScore], ...]:
    """Return the customers' nodes that stand out as lemons, worst first.

    returns   none where no level of the score was worth the swap in its back-test
    """
    pull = outlook.lemons.worth.pull
    if pull is None:
        return ()
    found = [
        (node, score)
        for node in snapshot.nodes
        if _is_eligible(node)
        and (score := outlook.score(node)).probability >= pull.level
        and score.outages_28d >= PULL_OUTAGES
    ]
    return tuple(sorted(found, key=lambda pair: (-pair[1].probability, pair[0].name)))


def _is_eligible(node: NodeView) -> bool:
    away = node.state in (NodeState.DRAINED, NodeState.UNKNOWN) or node.planned
    return node.customer is not None and not away and len(node.history.starts) >= PULL_OUTAGES


def _slot(
    snapshot: FleetSnapshot, outlook: FleetOutlook, node: NodeView, score: LemonScore
) -> SlotOutlook:
    if node.is_broken:
        return outlook.broken(node.age_h(snapshot.now))
    return outlook.serving(score.probability)


def _looked_at(
    snapshot: FleetSnapshot,
    outlook: FleetOutlook,
    lemons: tuple[tuple[NodeView, LemonScore], ...],
) -> str:
    held = sum(node.customer is not None for node in snapshot.nodes)
    pull = outlook.lemons.worth.pull
    if pull is None:
        return (
            f"{held} nodes that customers hold: none is proposed, because no level of the score "
            "was worth a swap in its back-test."
        )
    return (
        f"{held} nodes that customers hold: {len(lemons)} score {percent(pull.level, 0)} or more "
        f"with {PULL_OUTAGES} outages in 28 days; {pull.pulled} such pulls in the back-test saved "
        f"{pull.saved_h:.0f} h each in 28 days (80%: {pull.low:.0f} to {pull.high:.0f})."
    )


def _near_misses(
    snapshot: FleetSnapshot,
    outlook: FleetOutlook,
    lemons: tuple[tuple[NodeView, LemonScore], ...],
) -> list[str]:
    told = {node.name for node, _ in lemons}
    near = [
        (node.name, outlook.score(node))
        for node in snapshot.nodes
        if node.customer is not None and node.name not in told and len(node.history.starts) > 1
    ]
    ranked = sorted(near, key=lambda pair: (-pair[1].probability, pair[0]))
    pull = outlook.lemons.worth.pull
    why = "no level pays"
    if pull is not None:
        why = f"under {percent(pull.level, 0)} or fewer than {PULL_OUTAGES} outages"
    return [
        f"{name}: {percent(score.probability, 1)} after {score.outages_28d} outages in 28 days; "
        f"{why}, so nothing is claimed."
        for name, score in ranked[:3]
    ]
