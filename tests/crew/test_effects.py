import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.crew.agents.proposal_builders import (
    AgentContext,
    cost_of_delay,
    keep_possible,
    rehearsal_of,
)
from scuderia.crew.agents.repair_chaser import RepairChaser
from scuderia.crew.engine import coverage
from scuderia.crew.engine.coverage import Coverage, coverage_words
from scuderia.crew.engine.effects import Forecast
from scuderia.crew.playbook.roster import crew
from scuderia.loop.nouns import ProposalDraft, Rehearsal
from tests.crew.snapshots import NOW, node, snapshot

DOC = Path(__file__).parents[2] / "docs" / "rehearsals.md"
SPARES = [node(800, customer=None), node(801, customer=None)]
PAIRS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=60)


def forecast_of(pairs: list[tuple[int, int]]) -> Forecast:
    nothing, acting = zip(*pairs, strict=True)
    return Forecast(np.array(nothing, dtype=float), np.array(acting, dtype=float))


def rehearsed(pairs: list[tuple[int, int]], *, gpus: int = 8, days: float = 7.0) -> Rehearsal:
    return rehearsal_of(
        forecast_of(pairs), kind="fleet.swap_node", gpus=gpus, horizon_days=days,
        label="", method="counted", limits="few", inputs={"seed": 1},
    )  # fmt: skip


def draft_of(rehearsal: Rehearsal) -> ProposalDraft:
    drafts = RepairChaser().think(snapshot([node(1, (0.5, None)), *SPARES])).proposals
    return replace(drafts[0], rehearsal=rehearsal)


@given(PAIRS)
def test_every_figure_of_a_rehearsal_speaks_of_the_same_futures(pairs):
    # the definitions, written down a second time in whole numbers
    told, count = rehearsed(pairs), len(pairs)
    saved = sorted(nothing - acting for nothing, acting in pairs)
    assert told.do_nothing == pytest.approx(sum(n for n, _ in pairs) / count, abs=0.006)
    assert told.expected == pytest.approx(sum(a for _, a in pairs) / count, abs=0.006)
    assert told.gain == pytest.approx(sum(saved) / count, abs=0.011)
    assert told.gain == pytest.approx(told.do_nothing - told.expected)
    assert told.helps == pytest.approx(sum(s > 0 for s in saved) / count, abs=1e-4)
    assert told.harms == pytest.approx(sum(s < 0 for s in saved) / count, abs=1e-4)
    assert told.gain_low <= told.gain <= told.gain_high
    assert saved[0] <= told.gain_low + 0.01
    assert told.gain_high - 0.01 <= saved[-1]
    assert told.low <= told.expected <= told.high
    middle = sum(told.gain_low - 0.01 <= s <= told.gain_high + 0.01 for s in saved)
    assert middle >= 0.8 * (count - 1) - 1


@given(PAIRS, st.integers(1, 16), st.sampled_from([7.0, 28.0]))
def test_a_day_of_waiting_costs_what_the_rehearsal_beside_it_saves_a_day(pairs, gpus, days):
    told = rehearsed(pairs, gpus=gpus, days=days)
    cost = cost_of_delay(told, gpus).amount
    assert cost == pytest.approx(max(told.do_nothing - told.expected, 0) * gpus / days, abs=0.006)
    assert f"{told.gain:.2f} node-hours x {gpus} GPUs / {days:g} days" in told.method


def test_a_long_tail_shows_in_what_waiting_costs_and_in_the_rehearsal_alike():
    # the median future loses an hour, one in ten a week: medians would hide the tail in one of them
    told = rehearsed([(1, 0)] * 9 + [(168, 0)])
    assert (told.do_nothing, told.expected, told.gain) == (17.7, 0.0, 17.7)
    assert cost_of_delay(told, 8).amount == round(17.7 * 8 / 7, 2)


@pytest.mark.parametrize(
    ("better", "worse", "doubtful"),
    [(59, 41, True), (60, 40, False), (30, 21, True), (30, 20, False), (1, 0, False)],
)
def test_what_helps_in_less_than_three_of_five_says_so_in_its_title(better, worse, doubtful):
    pairs = [(90, 0)] * better + [(0, 1)] * worse + [(5, 5)] * (100 - better - worse)
    told = rehearsed(pairs)
    assert told.is_doubtful is doubtful
    kept = keep_possible(AgentContext(), [draft_of(told)], now=NOW).kept
    assert kept[0].title.endswith(", as likely to harm as to help") is doubtful
    longer = replace(draft_of(told), title="x" * 200)
    assert len(keep_possible(AgentContext(), [longer], now=NOW).kept[0].title) <= 200


@pytest.mark.parametrize("pairs", [[(5, 5)] * 9, [(0, 1)] * 9, [(1, 0)] * 8 + [(0, 9)]])
def test_what_saves_nothing_on_average_is_not_proposed_and_its_finding_stays(pairs):
    draft = draft_of(rehearsed(pairs))
    split = keep_possible(AgentContext(), [draft], now=NOW)
    assert split.kept == ()
    assert split.orphans == draft.findings
    assert "acting would save nothing on average" in split.why[0]


def test_every_proposal_of_the_crew_agrees_with_its_rehearsal_and_tells_how_intervals_held():
    gpus = 8
    lemon = node(1, (20, 19), (14, 13.5), (9, 8), (4, 3.5), (1, 0.1))
    seen = snapshot([lemon, node(2, (6, None)), node(3, (9, None)), *SPARES])
    drafts = [draft for agent in crew() for draft in agent.think(seen).proposals]
    assert {draft.kind for draft in drafts} >= {
        "fleet.pull_lemon", "fleet.swap_node", "fleet.escalate_repair",
    }  # fmt: skip
    for draft in drafts:
        told = draft.rehearsal
        a_day = (told.do_nothing - told.expected) * gpus / told.horizon_days
        assert draft.cost_of_delay.amount == pytest.approx(a_day, abs=0.006)
        assert told.held == coverage_words(draft.kind)
        assert "acting helps in" in told.gain_words
    swap = next(draft for draft in drafts if draft.kind == "fleet.swap_node")
    assert swap.findings[0].severity.amount == pytest.approx(swap.rehearsal.do_nothing * gpus, 0.01)


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        (Coverage(150, 200), "calibrated: 150 of 200 held"),
        (Coverage(170, 200), "calibrated: 170 of 200 held"),
        (Coverage(149, 200), "not calibrated: 149 of 200 held, not 75% to 85%"),
        (Coverage(171, 200), "not calibrated: 171 of 200 held, not 75% to 85%"),
        (Coverage(200, 200), "not calibrated: 200 of 200 held, not 75% to 85%"),
        (Coverage(159, 199), "not calibrated: 159 of 199 held, of 200 that it takes to tell"),
        (Coverage(46, 47), "not calibrated: 46 of 47 held, of 200 that it takes to tell"),
        (Coverage(16, 20), "not calibrated: 16 of 20 held, of 200 that it takes to tell"),
        (Coverage(16, 19), "not calibrated: 19 measured, too few to tell"),
        (Coverage(0, 0), "not calibrated: 0 measured, too few to tell"),
    ],
)
def test_calibrated_is_what_two_hundred_outcomes_or_more_bear_out_both_ways(measured, words):
    assert measured.words == words


def test_the_table_in_code_is_the_one_that_the_document_prints():
    printed = json.loads(re.search(r"```json\n(.*?)```", DOC.read_text(), re.DOTALL)[1])
    table = {kind.removeprefix("fleet."): told for kind, told in coverage.MEASURED.items()}
    assert printed.keys() == table.keys()
    for kind, told in table.items():
        shown = printed[kind]
        assert (shown["inside"], shown["of"]) == (told.held, told.of), kind
        assert shown["coverage"] == round(told.held / told.of, 3), kind
    assert coverage_words("fleet.unheard_of") == "not calibrated: none was measured"
