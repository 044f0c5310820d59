from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from scuderia.basics.errors import Unable
from scuderia.crew.agents.lemon_scout import LemonScout
from scuderia.crew.agents.proposal_builders import AgentContext
from scuderia.crew.agents.repair_chaser import RepairChaser
from scuderia.crew.agents.sla_watch import SlaWatch
from scuderia.crew.agents.spare_planner import SparePlanner
from scuderia.crew.engine import outlook
from scuderia.crew.playbook.roster import crew
from scuderia.fleet.engine.lemon_worth import PUBLISHED_WORTH
from scuderia.fleet.engine.snapshot import FleetSnapshot
from scuderia.fleet.nouns import NodeState
from scuderia.loop.nouns import ProposalDraft, Round
from scuderia.loop.ports import Registry
from tests.crew.snapshots import AURORA, NOW, month, node, snapshot

SPARES = [node(800, customer=None), node(801, customer=None)]


def thoughts(seen: FleetSnapshot) -> dict[str, Round]:
    return {agent.name: agent.think(seen) for agent in crew()}  # type: ignore[attr-defined]


def one(made: Round) -> ProposalDraft:
    assert len(made.proposals) == 1, made.considered
    return made.proposals[0]


def assert_complete(draft: ProposalDraft) -> None:
    """What every proposal owes to the person who decides."""
    assert all(len(finding.evidence) == 3 for finding in draft.findings)
    assert draft.findings
    rehearsal = draft.rehearsal
    assert rehearsal.low <= rehearsal.expected <= rehearsal.high
    assert rehearsal.expected < rehearsal.do_nothing
    assert rehearsal.limits
    assert rehearsal.method
    assert "seed" in rehearsal.inputs
    assert draft.cost_of_delay.amount > 0
    assert draft.dedup_key == f"{draft.kind}:{draft.targets[0]}"


def test_a_healthy_fleet_gets_no_finding_and_no_proposal_but_an_answer_to_why_not():
    seen = snapshot(SPARES, days=30, months=[month(nodes=58)])
    for name, made in thoughts(seen).items():
        assert (made.findings, made.proposals) == ((), ()), name
        assert made.considered, name


def test_lemon_scout_pulls_a_node_that_keeps_failing():
    lemon = node(1, (20, 19), (14, 13.5), (9, 8), (4, 3.5), (1, 0.1))
    made = LemonScout().think(snapshot([lemon, *SPARES]))
    draft = one(made)
    assert draft.kind == "fleet.pull_lemon"
    assert draft.params["customer"] == f"customer:{AURORA}"
    assert draft.params["spare"] in {"node:n800", "node:n801"}
    assert_complete(draft)


def test_a_lemon_costs_a_week_what_the_rehearsal_beside_it_loses_a_week():
    lemon = node(1, (20, 19), (14, 13.5), (9, 8), (4, 3.5), (1, 0.1))
    draft = LemonScout().think(snapshot([lemon, *SPARES])).proposals[0]
    week_h = draft.rehearsal.do_nothing * 7 / draft.rehearsal.horizon_days
    assert draft.findings[0].severity.amount == pytest.approx(week_h * lemon.gpus, abs=0.06)
    alone = LemonScout().think(snapshot([lemon])).findings[0]
    assert alone.severity == draft.findings[0].severity, "with a spare or without"


def test_lemon_scout_claims_a_lemon_but_proposes_nothing_without_a_spare():
    lemon = node(1, (20, 19), (14, 13.5), (9, 8), (4, 3.5), (1, 0.1))
    made = LemonScout().think(snapshot([lemon]))
    assert len(made.findings) == 1
    assert made.proposals == ()
    assert any("no spare" in line for line in made.considered)


def test_lemon_scout_proposes_nothing_where_no_level_was_worth_a_swap(monkeypatch):
    lemon = node(1, (20, 19), (14, 13.5), (9, 8), (4, 3.5), (1, 0.1))
    worthless = replace(PUBLISHED_WORTH, pull=None)
    monkeypatch.setattr(outlook, "worth_known_at", lambda *_, **__: worthless)
    made = LemonScout().think(snapshot([lemon, *SPARES]))
    assert (made.findings, made.proposals) == ((), ())
    assert any("no level of the score was worth a swap" in line for line in made.considered)


@pytest.mark.parametrize(
    "quiet",
    [
        node(1, (20, 19), (9, 8), (4, 3.5), (1, None), planned=True),
        node(1, (20, 19), (9, 8), (4, 3.5), (1, 0.1), customer=None),
        node(1, (1, 0.1)),
        node(1, (50, 49), (45, 44), (40, 39)),
    ],
    ids=["drained already", "held by nobody", "failed once", "long ago"],
)
def test_lemon_scout_leaves_alone_what_is_no_lemon_of_a_customer(quiet):
    made = LemonScout().think(snapshot([quiet, *SPARES]))
    assert (made.findings, made.proposals) == ((), ())


def test_repair_chaser_swaps_a_spare_into_a_waiting_slot():
    draft = one(RepairChaser().think(snapshot([node(1, (0.5, None)), *SPARES])))
    assert draft.kind == "fleet.swap_node"
    assert_complete(draft)
    assert draft.rehearsal.low == 0.0


def test_repair_chaser_gives_two_nodes_two_spares_and_the_third_none():
    waiting = [node(number, (number, None)) for number in (1, 2, 5)]
    made = RepairChaser().think(snapshot([*waiting, *SPARES]))
    swaps = [draft for draft in made.proposals if draft.kind == "fleet.swap_node"]
    assert {str(draft.targets[0]) for draft in swaps} == {"node:n005", "node:n002"}
    assert len({draft.params["spare"] for draft in swaps}) == 2
    assert any("n001" in line and "no spare" in line for line in made.considered)


def test_repair_chaser_escalates_an_old_repair_that_no_spare_can_relieve():
    draft = one(RepairChaser().think(snapshot([node(1, (10, None))])))
    assert (draft.kind, draft.params) == ("fleet.escalate_repair", {})
    assert_complete(draft)
    assert "promise" in draft.rehearsal.limits


@pytest.mark.parametrize(
    "quiet",
    [node(1, (0.1, None)), node(1, (2, None), customer=None), node(1, (20, None), planned=True)],
    ids=["just broke", "nobody waits", "planned work"],
)
def test_repair_chaser_waits_where_waiting_is_right(quiet):
    made = RepairChaser().think(snapshot([quiet, *SPARES]))
    assert made.proposals == ()


def test_a_node_short_of_one_gpu_is_not_swapped_as_though_it_were_down():
    down = node(1, (5, None))
    short = replace(down, state=NodeState.DEGRADED, gpus_lost=1)
    for agent in (RepairChaser(), LemonScout()):
        assert agent.think(snapshot([short, *SPARES])).proposals == ()
    told = RepairChaser().think(snapshot([short, *SPARES])).considered
    assert "n001, short of 1 of 8 GPUs for 5 days: it serves with the others." in told
    assert RepairChaser().think(snapshot([down, *SPARES])).proposals


def test_a_lemon_is_pulled_by_one_agent_and_swapped_by_none():
    lemon = node(1, (20, 19), (9, 8), (4, 3.5), (1, None))
    seen = snapshot([lemon, *SPARES], months=[month(nodes=58, lost_h=900)])
    drafts = [draft for made in thoughts(seen).values() for draft in made.proposals]
    assert [d.kind for d in drafts if str(d.targets[0]) == "node:n001"] == ["fleet.pull_lemon"]


def test_no_two_agents_name_the_same_spare_or_the_same_plan():
    broken = [
        node(1, (20, 19), (9, 8), (4, 3.5), (1, None)),
        node(2, (3, None)),
        node(3, (0.1, None)),
    ]
    spares = [node(800 + number, customer=None) for number in range(4)]
    seen = snapshot([*broken, *spares], months=[month(nodes=57, lost_h=900)])
    drafts = [draft for made in thoughts(seen).values() for draft in made.proposals]
    named = [draft.params["spare"] for draft in drafts if "spare" in draft.params]
    assert len(named) == len(set(named)) >= 2
    assert len({draft.dedup_key for draft in drafts}) == len(drafts)


def test_spare_planner_enlarges_a_pool_that_was_too_small():
    broken = [node(number, (50, 10), (5, 1)) for number in range(6)]
    free = [node(800 + number, customer=None) for number in range(10)]
    draft = one(SparePlanner().think(snapshot([*broken, *free], pool=1)))
    assert draft.kind == "fleet.resize_spare_pool"
    assert 1 < int(str(draft.params["size"])) <= 10
    assert_complete(draft)
    week_h = draft.rehearsal.do_nothing * 7 / draft.rehearsal.horizon_days
    severity = draft.findings[0].severity.amount
    assert severity == pytest.approx(week_h * broken[0].gpus, abs=0.06), "if nobody acts"


def test_spare_planner_asks_for_no_more_than_there_is_and_never_for_less():
    broken = [node(number, (50, 10), (5, 1)) for number in range(6)]
    none_free = SparePlanner().think(snapshot([*broken, *SPARES], pool=2))
    assert none_free.proposals == ()
    assert any("all it has free" in line for line in none_free.considered)
    idle = SparePlanner().think(snapshot(SPARES, pool=9))
    assert idle.proposals == ()
    assert any("never proposed" in line for line in idle.considered)


def test_sla_watch_says_who_will_miss_the_month_by_when_and_what_helps():
    broken = [node(number, (0.1, None)) for number in range(1, 7)]
    spares = [node(800 + number, customer=None) for number in range(8)]
    seen = snapshot([*broken, *spares], months=[month(nodes=52, lost_h=850, target=0.975)])
    made = SlaWatch().think(seen)
    assert len(made.findings) == 1
    claim = made.findings[0].claim
    assert "aurora will end July below 97.5%" in claim
    assert "Europe/Berlin" in claim
    assert "Filling the slots" in claim
    assert made.findings[0].confidence >= 0.5
    assert made.proposals
    for draft in made.proposals:
        assert_complete(draft)
        assert draft.findings[0].kind == "crew.month_at_risk"


def test_sla_watch_proposes_nothing_that_would_not_help():
    seen = snapshot([node(1, (0.1, None)), *SPARES], months=[month(nodes=58, lost_h=9_000)])
    made = SlaWatch().think(seen)
    assert "used up already" in made.findings[0].claim
    assert made.proposals == ()


def test_the_same_snapshot_gives_the_same_round():
    broken = [node(1, (20, 19), (9, 8), (4, 3.5), (1, None)), node(2, (6, None))]
    seen = snapshot([*broken, *SPARES], months=[month(nodes=57, lost_h=700)])
    assert thoughts(seen) == thoughts(seen)


def test_a_plan_with_an_objection_is_not_proposed_but_its_finding_stays():
    context = AgentContext(objections=lambda _plan, _now: ("the repair is escalated already",))
    made = RepairChaser(context).think(snapshot([node(1, (10, None))]))
    assert made.proposals == ()
    assert len(made.findings) == 1
    assert any("escalated already" in line for line in made.considered)


def test_a_silent_cluster_stops_proposals_and_not_the_look():
    def silent(_plan: object, _now: object) -> tuple[str, ...]:
        message = "the cluster does not answer"
        raise Unable(message)

    made = RepairChaser(AgentContext(objections=silent)).think(snapshot([node(1, (10, None))]))
    assert made.proposals == ()
    assert any("does not answer" in line for line in made.considered)


def test_in_noise_without_lemons_false_claims_stay_under_one_per_agent_week():
    # 100 nodes that all fail alike, every 240 days, for one hour: nothing here needs a person
    random = np.random.default_rng(11)
    weeks, claims = 12, dict.fromkeys((agent.name for agent in crew()), 0)
    for _ in range(weeks):
        nodes = []
        for number in range(100):
            begins = np.cumsum(random.exponential(240.0, 6))
            nodes.append(node(number, *((60 - at, 60 - at - 1 / 24) for at in begins if at < 59.9)))
        seen = snapshot([*nodes, *SPARES], months=[month(nodes=100, lost_h=20)], fill=0)
        for name, made in thoughts(seen).items():
            claims[name] += len(made.findings) + len(made.proposals)
    assert max(claims.values()) <= weeks, claims


def test_an_agent_is_given_each_rooms_snapshot_by_its_type_and_of_the_instant_it_asks_for():
    asked, registry = [], Registry()

    def read(now: datetime) -> FleetSnapshot:
        asked.append(now)
        return snapshot([node(1, (10, None))])

    registry.register_snapshot(FleetSnapshot, read, span=lambda _now: None)
    registry.register_snapshot(str, lambda _now: "twelve crates", span=lambda _now: None)
    context = AgentContext(snapshots=registry.snapshots)
    assert context.snapshot(str, now=NOW) == "twelve crates"
    assert context.snapshot(int, now=NOW) is None, "no room brings it"
    assert RepairChaser(context).look(now=NOW).proposals
    assert asked == [NOW]


def test_a_fleet_that_nobody_reads_is_looked_at_and_said_to_be_empty():
    made = RepairChaser(AgentContext()).look(now=NOW)
    assert made == Round(considered=("No node is on the books.",))
