import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.fleet.engine import lemon
from scuderia.fleet.engine.lemon import PRIOR, NodeHistory, history_of, score_node
from scuderia.fleet.engine.lemon_fit import PRIOR_STARTS, fit_model, model_of, prepare
from scuderia.fleet.engine.lemon_past import paces_by_day, past_of, stretches_of
from tests.examples import examples

PACES = np.array([4.2e-3, 4.2e-3])


def history(*outages: tuple[float, float], node: str = "n1") -> NodeHistory:
    return history_of(node, outages)


@st.composite
def histories(draw: st.DrawFn) -> NodeHistory:
    gaps = draw(st.lists(st.floats(0.01, 40), max_size=8))
    lengths = draw(st.lists(st.floats(0.01, 20), min_size=len(gaps), max_size=len(gaps)))
    outages, at = [], 0.0
    for gap, length in zip(gaps, lengths, strict=True):
        outages.append((at + gap, at + gap + length))
        at += gap + length
    if outages and draw(st.booleans()):
        outages[-1] = (outages[-1][0], math.inf)
    return history(*outages)


def score(told: NodeHistory, at: float) -> lemon.LemonScore:
    past = past_of([told], nodes=1)
    return score_node(told, PRIOR, PACES, past.memory(at)[0], at=at)


# The model once more, in plain Python and by the definition; nothing is shared with the engine.

PLAIN = (0.5, 4.2e-3)


def plain_rate(
    found: list[NodeHistory],
    nodes: int,
    at: float,
    over: float,
    prior: tuple[float, float] = PLAIN,
    *,
    but: NodeHistory | None = None,
) -> float:
    def weight(a: float, b: float) -> float:
        return over * (math.exp((b - at) / over) - math.exp((a - at) / over))

    outages = served = 0.0
    for one in found:
        served += weight(min(one.since, at), at)
        for start, end in zip(one.starts, one.ends, strict=True):
            if start < at:
                outages += math.exp((start - at) / over) if one is not but else 0.0
                served -= weight(start, min(end, at))
    served += (nodes - len(found)) * weight(min(0.0, at), at)
    return (outages + prior[0]) / (served + prior[0] / prior[1])


def plain_memory(found: list[NodeHistory], nodes: int, of: NodeHistory, at: float) -> list[float]:
    felt = [0.0] * 5
    for start, end in zip(of.starts, of.ends, strict=True):
        if start <= at:
            morning = math.floor(start)
            year = plain_rate(found, nodes, morning, 365.0, but=of)
            month = plain_rate(found, nodes, morning, 30.0, (2.0, year), but=of)
            for k, tau in enumerate((1.0, 5.0, 30.0, 120.0, 365.0)):
                felt[k] += min(1.0, year / month) * math.exp((min(end, at) - at) / tau)
    return felt


@given(st.lists(histories(), max_size=4), st.integers(0, 3), st.floats(0, 300))
@examples(40)
def test_paces_and_memories_are_those_of_the_definition(found, quiet, at):
    nodes = len(found) + quiet
    past = past_of(found, nodes=nodes)
    expected = [plain_rate(found, nodes, at, days) for days in (30.0, 365.0)]
    assert past.paces(at) == pytest.approx(expected)
    for place, one in enumerate(found):
        told = plain_memory(found, nodes, one, at)
        assert past.memory(at)[place] == pytest.approx(told, abs=1e-12)
        assert past.memory_of(place, at)[0] == pytest.approx(told, abs=1e-12)


@given(st.lists(histories(), max_size=4), st.integers(0, 3))
@examples(40)
def test_one_pass_over_the_days_gives_each_midnights_own_figures(found, quiet):
    past = past_of(found, nodes=len(found) + quiet)
    for day in (0, 1, 17, 59):
        assert paces_by_day(past, 60)[:, day] == pytest.approx(past.paces(float(day)))
        in_service = np.sum(~past.is_away(float(day))) + past.quiet
        assert past.in_service_by_day(60)[day] == in_service


@given(st.lists(histories(), min_size=1, max_size=4), st.floats(1, 200))
@examples(40)
def test_stretches_hold_all_service_and_the_memory_it_began_with(found, until):
    past = past_of(found, nodes=len(found))
    told = stretches_of(past)
    served = np.sum(np.maximum(np.minimum(told.ends, until) - told.begins, 0.0))
    out = sum(
        float(np.sum(np.maximum(np.minimum(one.ends, until) - np.minimum(one.starts, until), 0.0)))
        for one in found
    )
    failed = sum(len(one.starts) > 0 for one in found)
    assert served == pytest.approx(failed * until - out)
    returns = {float(end) for one in found for end in one.ends if np.isfinite(end)}
    for begin, memory in zip(told.begins, told.memory, strict=True):
        if float(begin) in returns:
            places = [p for p, one in enumerate(found) if float(begin) in one.ends]
            assert any(memory == pytest.approx(past.memory(float(begin))[p]) for p in places)
        else:
            assert not memory.any()


def plain_likelihood(
    weights: np.ndarray, found: list[NodeHistory], nodes: int, day: float
) -> float:
    """Return the log of the penalised likelihood, its integrals summed over a fine grid."""
    past, step, total = past_of(found, nodes=nodes), 0.05, 0.0
    for place, one in enumerate(found):
        for start in one.starts[one.starts < day]:
            just_before = past.memory_of(place, float(np.nextafter(start, 0)))[0]
            terms = np.concatenate([past.paces(float(np.floor(start))), just_before])
            total += math.log(float(weights @ terms))
    for at in np.arange(step / 2, day, step):
        paces = past.paces(float(np.floor(at)))
        away, memory = past.is_away(float(at)), past.memory(float(at))
        mornings = past.in_service_by_day(int(at) + 1)[-1]
        total -= step * float(weights[:2] @ paces) * mornings
        total -= step * float(np.sum(memory[~away] @ weights[2:]))
    prior = np.array(PRIOR.weights)
    return total + PRIOR_STARTS * float(np.sum(np.log(weights) - weights / prior))


def test_no_other_weights_are_likelier_than_the_fitted_ones():
    random = np.random.default_rng(4)
    found = []
    for number in range(8):
        starts = np.sort(random.uniform(1, 60, size=number))
        found.append(history(*((s, s + random.uniform(0.1, 2)) for s in starts), node=f"n{number}"))
    past = past_of(found, nodes=10)
    fitted = np.array(fit_model(prepare(past, until=60.0), day=60.0).weights)
    best = plain_likelihood(fitted, found, 10, 60.0)
    for place in range(len(fitted)):
        for factor in (0.8, 1.25):
            other = fitted.copy()
            other[place] *= factor
            assert plain_likelihood(other, found, 10, 60.0) < best


def test_a_fit_does_not_look_past_its_day():
    known = [history((10, 11), (30, 32)), history((5, 6), node="n2")]
    later = [history((10, 11), (30, 32), (45, 50)), history((5, 6), (41, 42), node="n2")]
    fits = [
        fit_model(prepare(past_of(one, nodes=3), until=60.0), day=40.0) for one in (known, later)
    ]
    assert fits[0] == fits[1]
    lasting = [history((10, 11), (30, math.inf)), history((5, 6), node="n2")]
    at_start = [fit_model(prepare(past_of(one, nodes=3), until=60.0), day=31.0)
                for one in (known, lasting)]  # fmt: skip
    assert at_start[0] == at_start[1]


def test_without_a_past_the_weights_are_the_prior():
    assert model_of(past_of([], nodes=5), at=200.0) == PRIOR
    young = past_of([history((3, 4))], nodes=5)
    assert model_of(young, at=27.9) == PRIOR
    assert model_of(young, at=28.0).fitted_on == "28 days and 1 outages of its own past"
    assert model_of(young, at=55.9) == model_of(young, at=28.0)


def test_reports_that_overlap_or_touch_are_one_outage():
    told = history_of("n1", [(5.0, 6.0), (1.0, 2.0), (2.0, 3.0), (5.5, 5.7)])
    assert (told.starts.tolist(), told.ends.tolist()) == ([1.0, 5.0], [3.0, 6.0])
    early = history_of("n1", [(-4.0, 1.0)], since=0.0)
    assert (early.starts.tolist(), early.ends.tolist()) == ([0.0], [1.0])
    assert len(history_of("n1", []).starts) == 0


def test_a_score_worked_by_hand():
    """One return a day ago, one 40 days ago: 0.3 * 0.0042 * 28 twice, and each memory's part."""
    told = score(history((48, 50), (88, 89)), 90.0)
    parts = [2 * 0.3 * 4.2e-3 * 28]
    for weight, tau in zip((0.05, 0.01, 0.002, 5e-4, 2e-4), (1, 5, 30, 120, 365), strict=True):
        felt = math.exp(-40 / tau) + math.exp(-1 / tau)
        parts.append(weight * tau * (1 - math.exp(-28 / tau)) * felt)
    assert told.probability == pytest.approx(1 - math.exp(-sum(parts)))
    drivers = [part for _, _, part in told.drivers]
    assert sum(drivers) == pytest.approx(sum(parts))
    assert drivers == sorted(drivers, reverse=True)
    assert (told.outages_28d, told.outages_90d, told.relapses_90d) == (1, 2, 0)


def test_a_relapse_counts_up_to_seven_days_after_the_return_and_for_ninety_days():
    assert score(history((80, 81), (88, 89)), 90.0).relapses_90d == 1
    assert score(history((80, 81), (88.5, 89)), 90.0).relapses_90d == 0
    assert score(history((1, 2), (5, 6)), 94.5).relapses_90d == 1
    assert score(history((1, 2), (5, 6)), 95.0).relapses_90d == 0


def test_an_outage_that_began_a_whole_window_ago_has_left_the_window():
    within, gone = (
        score(history((0.5, 1), (62.5, 63)), 90.0),
        score(history((0, 1), (62, 63)), 90.0),
    )
    assert (within.outages_28d, within.outages_90d) == (1, 2)
    assert (gone.outages_28d, gone.outages_90d) == (0, 1)


def test_a_node_that_is_out_scores_as_on_its_return():
    lasting, back = history((20, math.inf)), history((20, 30))
    assert score(lasting, 30.0) == score(back, 30.0)
    assert score(lasting, 29.0).probability == score(lasting, 30.0).probability


def test_a_return_in_a_burst_of_the_whole_fleet_tells_less_of_its_node():
    burst = [history((100 + n / 10, 101 + n / 10), node=f"b{n}") for n in range(20)]
    alone = [history((60, 61), (80, 81), (101.9, 102.9), node="b19")]
    assert past_of(burst, nodes=60).tells[-1] < 0.5
    assert past_of(alone, nodes=60).tells.tolist() == [1.0, 1.0, 1.0]


@given(histories(), st.floats(0, 400), st.floats(0.01, 30))
@examples(60)
def test_nothing_later_than_the_evaluation_changes_a_score(past, at, gap):
    if len(past.ends) and not np.isfinite(past.ends[-1]):
        return
    begins = max(at, *past.ends, 0.0) + gap
    later = history(*zip(past.starts, past.ends, strict=True), (begins, begins + 1))
    assert score(past, at) == score(later, at)


@given(histories(), st.floats(0.1, 27), st.floats(0.01, 0.09))
@examples(60)
def test_one_more_recent_outage_never_lowers_a_score(past, ago, length):
    if len(past.ends) and not np.isfinite(past.ends[-1]):
        return
    at = float(np.max(past.ends, initial=0.0)) + 30.0
    worse = history(*zip(past.starts, past.ends, strict=True), (at - ago, at - ago + length))
    assert score(worse, at).probability > score(past, at).probability
