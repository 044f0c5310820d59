"""Lemon Scout: proposes to pull a node that keeps failing, before it fails its customer again."""

from dataclasses import dataclass, field

from scuderia.basics.clock import AwareDatetime
from scuderia.crew.engine.futures import SlotOutlook, forecast_swap
from scuderia.crew.engine.outlook import FleetOutlook, fleet_outlook
from scuderia.crew.engine.spares import hand_out
from scuderia.crew.nouns import FleetPicture, NodeLook
from scuderia.crew.playbook import drafting
from scuderia.crew.playbook.drafting import Senses
from scuderia.crew.queries import fleet_picture
from scuderia.fleet.engine.lemon import HORIZON_DAYS, LemonScore
from scuderia.fleet.nouns import NodeState
from scuderia.loop.nouns import Evidence, FindingDraft, ProposalDraft, Round

PULL_LEMON = "fleet.pull_lemon"
SCORE_TOLD = 0.4
OUTAGES_TOLD = 3
LIMITS = (
    "The score's back-test is printed in docs/lemon.md: on one real year it was level with the "
    "rule of 2 outages in 28 days. The spare is taken to fail as often as the fleet. "
)


@dataclass(slots=True)
class LemonScout:
    """Watches who relapses."""

    senses: Senses = field(default_factory=Senses)
    name: str = "lemon-scout"
    title: str = "Lemon Scout"
    job: str = "Finds nodes that keep failing and proposes to pull them for an overhaul."
    kinds: tuple[str, ...] = (PULL_LEMON,)

    def look(self, *, now: AwareDatetime) -> Round:
        """Look at every node that a customer holds."""
        picture = fleet_picture(now)
        if picture is None:
            return Round(considered=("No node is on the books.",))
        return self.think(picture)

    def think(self, picture: FleetPicture) -> Round:
        """Score the nodes, and propose for those that stand out."""
        outlook = fleet_outlook(picture)
        lemons = lemons_of(picture, outlook)
        spares = _spares_for(picture, lemons)
        drafts, findings, considered = [], [], [_looked_at(picture, lemons)]
        for node, score in lemons:
            finding = self._finding(picture, node, score)
            spare = spares.get(node.name)
            if spare is None:
                findings.append(finding)
                considered.append(f"{node.name}: not proposed, because no spare stands ready.")
            else:
                drafts.append(self._proposal(picture, outlook, node, score, spare, finding))
        considered += _near_misses(picture, outlook, lemons)
        kept, orphans, why = drafting.keep_possible(self.senses, drafts, now=picture.now)
        return Round((*findings, *orphans), kept, (*considered, *why))

    def _finding(self, picture: FleetPicture, node: NodeLook, score: LemonScore) -> FindingDraft:
        return FindingDraft(
            kind="crew.lemon",
            subject=node.place.ref,
            claim=f"{node.name} will fail again within 28 days of service with chance "
            f"{score.probability:.0%}: out {drafting.times(score.outages_28d)} in 28 days, "
            f"{score.outages_90d} times in 90",
            confidence=round(score.probability, 3),
            severity_gpu_hours=round(node.gpus * score.probability * 132.8 / 4, 1),
            evidence=(
                self._score_evidence(picture, node, score),
                drafting.outages_evidence(self.senses, picture, node),
                self._worth_evidence(picture, node),
            ),
            dedup_key=f"crew.lemon:{node.place.ref}",
        )

    def _score_evidence(self, picture: FleetPicture, node: NodeLook, score: LemonScore) -> Evidence:
        name, value, _ = score.drivers[0]
        return self.senses.cite(
            "lemon_score",
            {"node": str(node.name), "at": picture.now.isoformat()},
            f"Lemon score {score.probability:.0%}, driven most by: {name} ({value:.2f})",
            link=drafting.node_link(node.name),
            seen={"node": str(node.name), "probability": round(score.probability, 4)},
        )

    def _worth_evidence(self, picture: FleetPicture, node: NodeLook) -> Evidence:
        return self.senses.cite(
            "lemon_backtest",
            {"at": picture.now.isoformat()},
            "What the score was worth when it was back-tested, beside the rule of 2 outages in 28 "
            "days",
            link=f"{drafting.node_link(node.name)}#worth",
            seen={},
        )

    def _proposal(
        self,
        picture: FleetPicture,
        outlook: FleetOutlook,
        node: NodeLook,
        score: LemonScore,
        spare: str,
        finding: FindingDraft,
    ) -> ProposalDraft:
        seed = drafting.seed_of(PULL_LEMON, drafting.facts_of(node))
        forecast = forecast_swap(
            _slot(picture, outlook, node, score),
            outlook.serving(),
            horizon_days=HORIZON_DAYS,
            seed=seed,
        )
        return ProposalDraft(
            kind=PULL_LEMON,
            targets=(node.place.ref,),
            params={"spare": f"node:{spare}", "customer": str(drafting.customer_ref(node))},
            title=f"Pull {node.name} for an overhaul and give {node.customer} {spare}",
            findings=(finding,),
            rehearsal=drafting.rehearsal_of(
                forecast,
                horizon_days=HORIZON_DAYS,
                seed=seed,
                label=f"node-hours lost to {node.customer}'s slot",
                method="The node's own lemon score against a spare that fails like the fleet:",
                limits=LIMITS + drafting.SWAP_LIMITS,
            ),
            regret_gpu_hours_per_day=round(
                max(forecast.hours_saved, 0.0) * node.gpus / HORIZON_DAYS, 2
            ),
            dedup_key=f"{PULL_LEMON}:{node.place.ref}",
        )


def lemons_of(
    picture: FleetPicture, outlook: FleetOutlook
) -> tuple[tuple[NodeLook, LemonScore], ...]:
    """Return the customers' nodes that stand out as lemons, worst first."""
    found = [
        (node, score)
        for node in picture.nodes
        if _is_eligible(node)
        and (score := outlook.score(node)).probability >= SCORE_TOLD
        and score.outages_28d >= OUTAGES_TOLD
    ]
    return tuple(sorted(found, key=lambda pair: (-pair[1].probability, pair[0].name)))


def _is_eligible(node: NodeLook) -> bool:
    away = node.state in (NodeState.DRAINED, NodeState.UNKNOWN) or node.planned
    return node.customer is not None and not away and len(node.history.starts) >= OUTAGES_TOLD


def _spares_for(
    picture: FleetPicture, lemons: tuple[tuple[NodeLook, LemonScore], ...]
) -> dict[str, str]:
    given: dict[str, str] = {}
    for cluster in sorted({node.place.cluster for node, _ in lemons}):
        wants = [str(node.name) for node, _ in lemons if node.place.cluster == cluster]
        given.update(hand_out(wants, [s.name for s in picture.ready_spares(cluster)]))
    return given


def _slot(
    picture: FleetPicture, outlook: FleetOutlook, node: NodeLook, score: LemonScore
) -> SlotOutlook:
    if node.is_broken:
        return outlook.broken(node.age_h(picture.now))
    return outlook.serving(score.probability)


def _looked_at(picture: FleetPicture, lemons: tuple[tuple[NodeLook, LemonScore], ...]) -> str:
    held = sum(node.customer is not None for node in picture.nodes)
    return (
        f"{held} nodes that customers hold: {len(lemons)} score {SCORE_TOLD:.0%} or more with "
        f"{OUTAGES_TOLD} outages in 28 days."
    )


def _near_misses(
    picture: FleetPicture,
    outlook: FleetOutlook,
    lemons: tuple[tuple[NodeLook, LemonScore], ...],
) -> list[str]:
    told = {node.name for node, _ in lemons}
    near = [
        (node.name, outlook.score(node))
        for node in picture.nodes
        if node.customer is not None and node.name not in told and len(node.history.starts) > 1
    ]
    ranked = sorted(near, key=lambda pair: (-pair[1].probability, pair[0]))
    return [
        f"{name}: {score.probability:.0%} after {score.outages_28d} outages in 28 days; "
        f"under {SCORE_TOLD:.0%} or fewer than {OUTAGES_TOLD} outages, so nothing is claimed."
        for name, score in ranked[:3]
    ]
