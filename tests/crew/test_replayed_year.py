import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.units import Quantity
from scuderia.config.cli import main as cli
from scuderia.crew.agents.proposal_builders import swap_params
from scuderia.crew.agents.repair_chaser import broken_nodes
from scuderia.crew.agents.replayed_year import HOUR_S, YearRules, play_year
from scuderia.fleet.engine.snapshot import FleetSnapshot
from scuderia.fleet.nouns import GPU_HOURS
from scuderia.loop.nouns import ProposalDraft, Rehearsal, Round
from scuderia.twin.engine.outage_logs import log_of_spans
from scuderia.twin.nouns import DAY_S, OutageLog, Policy
from scuderia.twin.replay import replay
from tests.examples import examples

AT_ONCE = YearRules(spares=2, look_s=HOUR_S, handover_s=0, decisions_a_day=1_000)
NOTHING = Rehearsal("m", "u", 1.0, 0, 0, 0, 0, "lower", "none", "none", {}, "")


class FillsEverySlot:
    """Proposes the longest outage for the first free spare, the next for the next."""

    def __init__(self, kind: str = "fleet.swap_node") -> None:
        self.kind = kind
        self.seen: list[FleetSnapshot] = []

    def think(self, snapshot: FleetSnapshot) -> Round:
        self.seen.append(snapshot)
        broken = [node for node in broken_nodes(snapshot) if node.customer is not None]
        broken.sort(key=lambda node: (-node.age_h(snapshot.now), int(node.name.split("-")[1])))
        spares = snapshot.ready_spares("year")
        return Round(proposals=tuple(
            ProposalDraft(
                self.kind, (node.place.ref,), swap_params(node, str(spare.name)), "swap", (),
                NOTHING, Quantity(1_000.0 - place, GPU_HOURS), f"{node.name}",
            )
            for place, (node, spare) in enumerate(zip(broken, spares, strict=False))
        ))  # fmt: skip


def on_the_hour(
    outages: Sequence[tuple[int, int, int]], *, nodes: int = 4, days: int = 6
) -> OutageLog:
    """Make a log of (node, hour it began, hours it took)."""
    spans: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]
    for node, start, hours in outages:
        spans[node].append((start * HOUR_S, (start + hours) * HOUR_S))
    return log_of_spans(spans, horizon_s=days * DAY_S)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 130), st.integers(1, 60)), max_size=14),
    st.integers(0, 4),
)
@examples(60)
def test_who_fills_every_slot_at_once_serves_what_the_twins_own_spare_pool_serves(outages, spares):
    """A second implementation: the twin's policy with the same spares, asked for without delay."""
    log = on_the_hour(outages, nodes=6, days=9)
    score = play_year(log, replace(AT_ONCE, spares=spares), agents=[FillsEverySlot()])
    twin = replay(log, Policy(spares=spares))
    assert score.crew.downtime_s == twin.downtime_s
    assert score.crew.days_below_target == twin.days_below_target
    assert len(score.decided) == twin.swaps
    assert score.ideal.downtime_s == twin.downtime_s


def test_a_swap_saves_what_is_left_of_the_outage_after_the_hand_over():
    log = on_the_hour([(1, 5, 10)])
    rules = replace(AT_ONCE, look_s=4 * HOUR_S, handover_s=2 * HOUR_S)
    score = play_year(log, rules, agents=[FillsEverySlot()])
    (one,) = score.decided
    # seen at hour 8, at work from hour 10 to hour 15
    assert (one.at_s, one.begins_s, one.ends_s) == (8 * HOUR_S, 10 * HOUR_S, 15 * HOUR_S)
    assert one.saved_s == 5 * HOUR_S
    assert score.base.downtime_s - score.crew.downtime_s == 5 * HOUR_S
    assert score.precision == 1.0


def test_a_swap_whose_outage_ends_within_the_hand_over_has_not_helped():
    score = play_year(
        on_the_hour([(1, 5, 4)]), replace(AT_ONCE, handover_s=6 * HOUR_S),
        agents=[FillsEverySlot()],
    )  # fmt: skip
    assert [one.saved_s for one in score.decided] == [0]
    assert score.precision == 0.0
    assert score.crew.downtime_s == score.base.downtime_s


def test_a_person_decides_so_many_a_day_the_most_urgent_first_and_the_rest_next_day():
    log = on_the_hour([(node, 2, 100) for node in range(4)])
    score = play_year(log, replace(AT_ONCE, spares=4, decisions_a_day=3), agents=[FillsEverySlot()])
    assert [(one.node, one.at_s // HOUR_S) for one in score.decided] == [
        (0, 2), (1, 2), (2, 2), (3, 24),
    ]  # fmt: skip
    assert score.left_over == 22
    assert score.proposed == 4
    assert score.decisions_per_day == pytest.approx(4 / 6)
    nobody = play_year(log, replace(AT_ONCE, decisions_a_day=0), agents=[FillsEverySlot()])
    assert (nobody.decided, nobody.precision) == ((), None)
    assert nobody.crew.downtime_s == nobody.base.downtime_s


def test_a_pulled_node_keeps_its_spare_through_the_overhaul_and_fails_again_as_it_did():
    log = on_the_hour([(0, 1, 10), (0, 20, 5), (0, 100, 5)])
    rules = replace(AT_ONCE, overhaul_s=12 * HOUR_S)
    score = play_year(log, rules, agents=[FillsEverySlot("fleet.pull_lemon")])
    first = score.decided[0]
    # repaired at 11, away to 23; the outage of hour 20 falls into it, so back at 25
    assert (first.begins_s, first.ends_s) == (HOUR_S, 25 * HOUR_S)
    assert first.saved_s == 15 * HOUR_S
    assert [one.at_s // HOUR_S for one in score.decided] == [1, 100]


def test_the_crew_is_shown_what_was_known_at_its_look_and_nothing_later():
    agent = FillsEverySlot()
    log = on_the_hour([(0, 5, 10), (1, 7, 90), (0, 30, 2)])
    play_year(log, replace(AT_ONCE, spares=1, look_s=6 * HOUR_S), agents=[agent])
    at_6, at_12 = agent.seen[0], agent.seen[1]
    view = {node.name: node for node in at_12.nodes}
    assert [node.name for node in broken_nodes(at_6)] == ["node-0"]
    assert view["node-0"].history.ends.tolist() == [np.inf]
    assert view["node-0"].customer is None  # its slot was given to the spare at hour 6
    assert view["spare-0"].customer == "fleet"
    assert view["node-1"].history.starts.tolist() == [7 / 24]
    assert not at_12.ready_spares("year")
    at_18 = {node.name: node for node in agent.seen[2].nodes}
    assert at_18["node-0"].history.ends.tolist() == [15 / 24]
    assert at_18["node-0"].customer == "fleet"
    # the spare was freed at 15, and went to node 1 at 18


def test_what_happens_later_changes_no_earlier_decision():
    early = [(n % 4, 3 + 11 * n, 30 + n) for n in range(8)]
    log, longer = on_the_hour(early, days=30), on_the_hour([*early, (2, 500, 90)], days=30)
    rules = replace(AT_ONCE, look_s=6 * HOUR_S, handover_s=HOUR_S)
    before = [one for one in play_year(log, rules).decided if one.at_s < 500 * HOUR_S]
    after = [one for one in play_year(longer, rules).decided if one.at_s < 500 * HOUR_S]
    assert before
    assert before == after


def test_two_agents_that_propose_for_one_slot_are_given_one_spare():
    log = on_the_hour([(0, 1, 50)])
    score = play_year(log, AT_ONCE, agents=[FillsEverySlot(), FillsEverySlot("fleet.pull_lemon")])
    assert len(score.decided) == 1
    assert score.proposed == 2


def test_the_command_prints_the_score_and_its_limits(tmp_path, capsys):
    table = tmp_path / "outages.csv"
    table.write_text(
        "node,start,end\n"
        "a,2026-01-01T01:00:00Z,2026-01-04T01:00:00Z\n"
        "b,2026-01-02T01:00:00Z,2026-01-02T02:00:00Z\n"
    )
    words = [
        "crew", "replay", str(table), "--fleet-size", "20", "--look-hours", "12",
        "--target", "0.96",
    ]  # fmt: skip
    assert cli.run([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["decisions"] == 1
    assert told["precision"] == 1.0
    assert told["days_at_target_base"] < told["days_at_target_crew"] == 1.0
    assert told["decisions_per_day"] == pytest.approx(1 / told["days"], abs=1e-4)
    assert told["most_decisions_in_a_day"] == 1
    assert cli.run(words) == 0
    shown = capsys.readouterr().out
    assert "1 decisions" in shown
    assert "with the crew" in shown


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--spares", "-1"], "--spares"),
        (["--look-hours", "0"], "--look-hours"),
        (["--decisions-a-day", "1001"], "--decisions-a-day"),
        (["--target", "1.5"], "--target"),
        (["--handover-hours", "nan"], "--handover-hours"),
    ],
)
def test_a_rule_that_cannot_be_played_is_named(tmp_path, capsys, flags, named):
    table = tmp_path / "outages.csv"
    table.write_text("node,start,end\na,2026-01-01T01:00:00Z,2026-01-04T01:00:00Z\n")
    words = ["crew", "replay", str(table), "--fleet-size", "10", *flags, "--json"]
    assert cli.run(words) == 2
    told = json.loads(capsys.readouterr().err)
    assert named in told["message"]
    assert named in told["remedy"]
