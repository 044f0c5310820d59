"""Spare Planner: proposes a larger spare pool where the past would have gone better with one."""

from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import Quantity
from scuderia.crew.agents import proposal_builders
from scuderia.crew.agents.fleet_agent import FleetAgent
from scuderia.crew.engine import approvals
from scuderia.crew.engine.effects import Forecast
from scuderia.crew.engine.outlook import fleet_outlook
from scuderia.crew.engine.spare_pools import (
    CONFIDENCE,
    POOL_FUTURES,
    PoolView,
    forecast_pool,
    pool_view,
    replay_past,
    spare_need,
)
from scuderia.fleet.engine.snapshot import FleetSnapshot, SwapRecord
from scuderia.fleet.nouns import GPU_HOURS
from scuderia.loop.nouns import Evidence, FindingDraft, ProposalDraft, Rehearsal, Round
from scuderia.twin.nouns import Comparison, SpareNeed

RESIZE = "fleet.resize_spare_pool"
HORIZON_DAYS = 28.0
HISTORY_DAYS_MIN = 14.0
HOURS_WON_MIN = 12.0
"""Node-hours in 28 days below which a larger pool is not worth a person's attention."""


class SparePlanner(FleetAgent):
    """Watches the spare pools; it never proposes to shrink one."""

    name = "spare-planner"
    title = "Spare Planner"
    job = "Sizes each cluster's spare pool by what the last 90 days would have needed."
    kinds: tuple[str, ...] = (RESIZE,)

    def think(self, snapshot: FleetSnapshot) -> Round:
        """Compare what each pool keeps with what it needed."""
        if not snapshot.pools:
            return Round(considered=("No cluster keeps a spare pool.",))
        drafts, considered = [], []
        for cluster, size in snapshot.pools:
            made = self._pool(snapshot, pool_view(snapshot, cluster, size))
            if isinstance(made, ProposalDraft):
                drafts.append(made)
            else:
                considered.append(made)
        return self.round_of(snapshot, drafts, considered)

    def _pool(self, snapshot: FleetSnapshot, view: PoolView) -> ProposalDraft | str:
        if view.days < HISTORY_DAYS_MIN or not view.slots:
            return f"{view.cluster}: {view.days:.0f} days of history are too few to size a pool."
        need = spare_need(view)
        wanted = min(need.spares, view.free)
        if wanted <= view.size:
            held = "all it has free" if need.spares > view.size else "enough"
            return (
                f"{view.cluster}: {need.nodes_down_mean:.1f} nodes out on average need "
                f"{need.spares} spares at {CONFIDENCE:.0%} of instants; it keeps {view.size}, "
                f"{held}. A smaller pool is never proposed."
            )
        seed = proposal_builders.seed_of(RESIZE, view.cluster, view.log.digest)
        told = replay_past(view, wanted, seed=seed)
        won = node_hours_won(told, view)
        if won < HOURS_WON_MIN:
            return (
                f"{view.cluster}: {wanted} spares in place of {view.size} would have won only "
                f"{won:.0f} node-hours in {HORIZON_DAYS:.0f} days."
            )
        forecast = forecast_pool(
            view,
            wanted,
            fleet_outlook(snapshot),
            snapshot.swaps,
            horizon_days=HORIZON_DAYS,
            seed=seed,
        )
        if forecast.hours_saved < HOURS_WON_MIN:
            return (
                f"{view.cluster}: {wanted} spares in place of {view.size} would save only "
                f"{forecast.hours_saved:.0f} node-hours in {HORIZON_DAYS:.0f} days: "
                f"{approvals.words(snapshot.swaps)}."
            )
        rehearsal = _rehearsal(forecast, told, snapshot.swaps, view, seed=seed)
        return self._proposal(snapshot, view, need, wanted, rehearsal, won)

    def _proposal(
        self,
        snapshot: FleetSnapshot,
        view: PoolView,
        need: SpareNeed,
        wanted: int,
        rehearsal: Rehearsal,
        won: float,
    ) -> ProposalDraft:
        cluster = SubjectRef("cluster", view.cluster)
        cost = proposal_builders.cost_of_delay(rehearsal, view.gpus)
        lost_h = rehearsal.do_nothing * proposal_builders.WEEK_DAYS / rehearsal.horizon_days
        return ProposalDraft(
            kind=RESIZE,
            targets=(cluster,),
            params={"size": wanted},
            title=f"Keep {wanted} spares in {view.cluster} in place of {view.size}",
            findings=(
                FindingDraft(
                    kind="crew.spare_pool_small",
                    subject=cluster,
                    claim=f"{view.cluster} keeps {view.size} spares; over the last "
                    f"{view.days:.0f} days {need.spares} were needed at {CONFIDENCE:.0%} of "
                    f"instants, and {wanted} can be had",
                    confidence=CONFIDENCE,
                    severity=Quantity(round(view.gpus * lost_h, 1), GPU_HOURS),
                    evidence=(
                        proposal_builders.pool_evidence(self.context, snapshot, view.cluster),
                        self._need_evidence(snapshot, view, need),
                        self._replay_evidence(snapshot, view, wanted, won),
                    ),
                    dedup_key=f"crew.spare_pool_small:{cluster}",
                ),
            ),
            rehearsal=rehearsal,
            cost_of_delay=cost,
            dedup_key=f"{RESIZE}:{cluster}",
        )

    def _need_evidence(self, snapshot: FleetSnapshot, view: PoolView, need: SpareNeed) -> Evidence:
        return self.context.cite(
            "spare_need",
            {"cluster": view.cluster, "at": snapshot.now.isoformat()},
            f"{need.nodes_down_mean:.1f} of its {view.slots} customer nodes were out on average",
            link="/fleet",
            seen={"cluster": view.cluster, "spares": need.spares},
        )

    def _replay_evidence(
        self, snapshot: FleetSnapshot, view: PoolView, wanted: int, won: float
    ) -> Evidence:
        return self.context.cite(
            "spare_pool_replay",
            {"cluster": view.cluster, "size": wanted, "at": snapshot.now.isoformat()},
            f"Replayed with {wanted} spares, customers would have had {won:.0f} node-hours more "
            f"in {HORIZON_DAYS:.0f} days",
            link="/fleet",
            seen={"cluster": view.cluster, "node_hours_won": round(won, 2)},
        )


def node_hours_won(told: Comparison, view: PoolView) -> float:
    """Return what the replayed past would have won, per HORIZON_DAYS."""
    won_s = told.base.downtime_s - told.candidate.downtime_s
    return won_s / 3600 * HORIZON_DAYS / view.days


def _rehearsal(
    forecast: Forecast, told: Comparison, record: SwapRecord, view: PoolView, *, seed: int
) -> Rehearsal:
    return proposal_builders.rehearsal_of(
        forecast,
        kind=RESIZE if record.approved or record.refused else f"{RESIZE}, no swap decided yet",
        gpus=view.gpus,
        horizon_days=HORIZON_DAYS,
        method=f"{POOL_FUTURES} futures of {HORIZON_DAYS:.0f} days of every customer slot, each "
        "replayed in the twin with both sizes. In each a share of the swaps is approved, each "
        f"after hours of its own, drawn from people's own record: {approvals.words(record)}.",
        limits="A larger pool does nothing by itself: a person must approve each swap. Outages "
        "are drawn apart from each other, though bulk starts exist; a node that a spare "
        "relieved fails nobody afterwards, and a swap takes no time beyond the yes. Rates and "
        "repair lengths are this fleet's own, joined to a published year while its history is "
        "thin.",
        inputs={
            "seed": seed,
            "futures": POOL_FUTURES,
            "past": told.log_digest,
            "swaps_approved": record.approved,
            "swaps_refused": record.refused,
        },
        label=f"node-hours lost to the customers of {view.cluster}",
    )
