import hashlib
import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from typer.testing import CliRunner

from scuderia.basics.errors import BadInput
from scuderia.datasets.commands.sampling_plans import app
from scuderia.datasets.engine.lot_samples import BadSample, draw_sample
from scuderia.datasets.engine.sampling_plans import (
    BadPlan,
    NoPlan,
    PlanAsked,
    acceptance,
    compared,
    exact_acceptance,
    find_plan,
    operating_curve,
    plan_under,
    rate_bounds,
    tighter_aql,
)
from scuderia.datasets.engine.switching import Switching, after_lot
from scuderia.datasets.nouns import LotResult, Severity
from scuderia.datasets.queries.sampling_plans import share_of, switched
from tests.examples import examples

KNOWN = PlanAsked(10_000, Fraction("0.01"), Fraction("0.03"))


def told(*arguments):
    found = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


def test_known_plan_of_ten_thousand():
    plan = find_plan(KNOWN)
    assert (plan.n, plan.c) == (387, 7)
    assert plan.accepted_at_aql >= 0.95
    assert plan.accepted_at_ltpd <= 0.10


# N = 5,000, n = 200, c = 5: the published figures of a customer's curve.
@pytest.mark.parametrize(("bad", "accepted"), [(50, 0.986), (150, 0.44), (250, 0.06)])
def test_known_curve(bad, accepted):
    assert acceptance(5_000, bad, 200, 5) == pytest.approx(accepted, abs=0.005)


@examples(150)
@given(st.data())
def test_acceptance_is_the_share_of_samples_counted_one_by_one(data):
    lot = data.draw(st.integers(1, 400))
    bad, n = data.draw(st.integers(0, lot)), data.draw(st.integers(1, lot))
    c = data.draw(st.integers(0, n))
    exact = exact_acceptance(lot, bad, n, c)
    assert acceptance(lot, bad, n, c) == pytest.approx(float(exact), abs=1e-9)
    assert acceptance(lot, bad, n, c) == pytest.approx(
        stats.hypergeom.cdf(c, lot, bad, n), abs=1e-9
    )
    assert compared(lot, bad, n, c, exact) == 0


@examples(60)
@given(
    st.integers(2, 60),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from(["1/20", "1/100", "3/10"]),
)
def test_plan_is_the_first_that_trying_every_plan_finds(lot, low, more, risk):
    asked = PlanAsked(
        lot, Fraction(low, 100), Fraction(low + more, 100), Fraction(risk), Fraction(risk)
    )
    expected = next(
        (n, c)
        for n in range(1, lot + 1)
        for c in range(n + 1)
        if exact_acceptance(lot, asked.good, n, c) >= 1 - asked.alpha
        and exact_acceptance(lot, asked.bad, n, c) <= asked.beta
    )
    plan = find_plan(asked)
    assert (plan.n, plan.c) == expected


def test_curve_is_what_ten_thousand_lots_come_to():
    plan = find_plan(KNOWN)
    rng = np.random.default_rng(24)
    points = operating_curve(KNOWN, plan)
    assert {100, 300} <= {one.bad for one in points}
    for one in points:
        found = rng.hypergeometric(one.bad, KNOWN.lot - one.bad, plan.n, 10_000) <= plan.c
        error = math.sqrt(max(one.accepted * (1 - one.accepted), 1e-4) / 10_000)
        assert found.mean() == pytest.approx(one.accepted, abs=4.5 * error)


def test_tail_of_a_large_lot_does_not_vanish():
    assert 0 < acceptance(10_000_000, 300_000, 50_000, 1_000) < 1e-40
    assert acceptance(10_000_000, 300_000, 50_000, 1_500) == pytest.approx(
        stats.hypergeom.cdf(1_500, 10_000_000, 300_000, 50_000), abs=1e-6
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--lot", 0, "--aql", "1%", "--ltpd", "3%"], "a lot of 0 items"),
        (["--lot", 10**8, "--aql", "1%", "--ltpd", "3%"], "100,000,000 items"),
        (["--lot", 100, "--aql", "0.03", "--ltpd", "0.01"], "AQL 0.03 and LTPD 0.01"),
        (["--lot", 100, "--aql", "0.03", "--ltpd", "3%"], "do not go together"),
        (["--lot", 100, "--aql", "0", "--ltpd", "3%"], "AQL 0 "),
        (["--lot", 100, "--aql", "one", "--ltpd", "3%"], "--aql 'one' is no share"),
        (["--lot", 100, "--aql", "1/0", "--ltpd", "3%"], "is no share"),
        (["--lot", 100, "--aql", "1%", "--ltpd", "3%", "--alpha", "1"], "alpha 1 and beta 0.1"),
        (["--lot", 9, "--aql", "1%", "--ltpd", "3%", "--alpha", ".6", "--beta", ".4"], "no risks"),
        (["--lot", 10_000, "--aql", "1%", "--ltpd", "3%", "--n-max", 386], "at most 386 of 10,000"),
        (["--lot", 100, "--aql", "1%", "--ltpd", "3%", "--n-max", 0], "at most 0 is none"),
        (["--lot", 100, "--aql", "1%", "--ltpd", "3%", "--history", "aax"], "'aax' is no history"),
        (["--lot", 100, "--aql", "1%", "--ltpd", "3%", "--sample"], "without a seed"),
        (["--lot", 100, "--aql", "1%", "--ltpd", "3%", "--found", 101], "is no count"),
    ],
)  # fmt: skip
def test_bad_input_is_named_with_what_to_do(asked, said):
    with pytest.raises(BadInput) as error:
        told(*asked)
    assert said in error.value.message
    assert error.value.remedy


def test_no_plan_says_the_sample_that_would_do():
    with pytest.raises(NoPlan) as error:
        find_plan(PlanAsked(10_000, Fraction("0.01"), Fraction("0.03"), n_max=386))
    assert "387 items or more" in error.value.remedy


def redone(lot, n, seed):
    """Draw the sample as docs/sampling.md has a customer do it."""
    keyed = []
    for item in range(lot):
        text = seed + "\n" + str(item)
        keyed.append((hashlib.sha256(text.encode()).hexdigest(), str(item)))
    keyed.sort()
    return [item for _, item in keyed[:n]]


def test_sample_is_redone_in_ten_lines_from_the_seed(tmp_path):
    asked = "--lot", 1_000, "--aql", "1%", "--ltpd", "5%", "--seed", "2026-07-24 draw", "--json"
    made = json.loads(told(*asked, "--sample"))
    assert made["sample"] == redone(1_000, made["n"], "2026-07-24 draw")
    assert json.loads(told(*asked))["sample"] is None
    names = tmp_path / "lot.csv"
    names.write_text("id\n" + "".join(f"{row}\n" for row in range(1_000)))
    assert json.loads(told(*asked, "--sample", "--items", names))["sample"] == made["sample"]
    names.write_text("id\n" + "".join(f"{row}\n" for row in range(999)))
    with pytest.raises(BadPlan, match="names 999 items, the lot has 1,000"):
        told(*asked, "--sample", "--items", names)


def test_sample_is_refused_where_it_could_not_be_redone():
    for items, n, seed in (["a", "b"], 3, "s"), (["a", "a"], 1, "s"), (["a"], 1, ""):
        with pytest.raises(BadSample):
            draw_sample(items, n, seed)


def test_sample_takes_every_item_about_as_often():
    drawn = [draw_sample([str(row) for row in range(50)], 10, f"seed {at}") for at in range(500)]
    counts = np.bincount([int(item) for sample in drawn for item in sample], minlength=50)
    assert abs(counts - 100).max() < 5 * math.sqrt(500 * 0.2 * 0.8)


# Two bad in 200 are at most 3.1 % by 95 % confidence, one side.
def test_bounds_are_those_that_the_binomial_gives():
    low, high = rate_bounds(2, 200, 0.95)
    assert high == pytest.approx(0.0311, abs=1e-4)
    assert stats.binom.cdf(2, 200, high) == pytest.approx(0.05)
    assert stats.binom.sf(1, 200, low) == pytest.approx(0.05)
    assert rate_bounds(0, 10, 0.95)[0] == 0
    assert rate_bounds(10, 10, 0.95)[1] == 1


# ISO 2859-1, 9.3, one history a rule; A would be accepted one AQL tighter too.
@pytest.mark.parametrize(
    ("history", "c", "severity", "score"),
    [
        ("", 7, Severity.NORMAL, 0),
        ("raaar", 7, Severity.TIGHTENED, 0),
        ("raaaar", 7, Severity.NORMAL, 0),
        ("rr", 7, Severity.TIGHTENED, 0),
        ("rraaaa", 7, Severity.TIGHTENED, 0),
        ("rraaaaa", 7, Severity.NORMAL, 0),
        ("rraaaaraaaa", 7, Severity.TIGHTENED, 0),
        ("rrrrrr", 7, Severity.TIGHTENED, 0),
        ("rrrrrrr", 7, Severity.DISCONTINUED, 0),
        ("rrrarararar", 7, Severity.DISCONTINUED, 0),
        ("rrrrrrraaaaaaa", 7, Severity.DISCONTINUED, 0),
        ("A" * 9, 7, Severity.NORMAL, 27),
        ("A" * 10, 7, Severity.REDUCED, 0),
        ("A" * 9 + "a" + "A", 7, Severity.NORMAL, 3),
        ("a" * 14, 1, Severity.NORMAL, 28),
        ("a" * 15, 1, Severity.REDUCED, 0),
        ("a" * 14 + "r", 1, Severity.NORMAL, 0),
        ("A" * 12 + "r", 7, Severity.NORMAL, 0),
    ],
)
def test_switching_rules(history, c, severity, score):
    state = switched(history, c)
    assert (state.severity, state.score) == (severity, score)


def test_reduced_ends_when_the_customer_or_the_work_says_so():
    state = Switching(Severity.REDUCED)
    assert after_lot(state, LotResult.ACCEPTED, c=7) == state
    assert after_lot(state, LotResult.ACCEPTED, c=7, may_reduce=False) == Switching()


def test_tightened_takes_fewer_bad_and_reduced_looks_at_less():
    normal = find_plan(KNOWN)
    tight = plan_under(KNOWN, normal, Severity.TIGHTENED)
    less = plan_under(KNOWN, normal, Severity.REDUCED)
    assert (tight.n, less.n) == (387, 155)
    assert tight.c < normal.c
    assert (
        acceptance(10_000, 65, tight.n, tight.c)
        >= 0.95
        > acceptance(10_000, 65, tight.n, tight.c - 1)
    )
    assert less.accepted_at_aql >= 0.95
    assert less.accepted_at_ltpd > normal.accepted_at_ltpd
    assert (tighter_aql(Fraction("0.01")), tighter_aql(Fraction("0.00001"))) == (
        Fraction("0.0065"),
        Fraction("0.00001") * 2 / 3,
    )


def test_report_is_of_the_severity_that_the_history_calls_for():
    asked = "--lot", 10_000, "--aql", 0.01, "--ltpd", 0.03, "--json"
    made = json.loads(told(*asked, "--found", 2))
    assert (made["n"], made["c"], made["severity"]) == (387, 7, "normal")
    assert made["found"]["is_accepted"] is True
    assert all(0 <= one["accepted"] <= 1 for one in made["oc"])
    tight = json.loads(told(*asked, "--history", "rr"))
    assert (tight["severity"], tight["c"]) == ("tightened", made["plans"]["tightened"]["c"])
    assert "tightened" in told(*asked[:-1], "--history", "rr")


def test_share_is_the_fraction_that_was_written():
    assert share_of("0.01", "aql") == share_of("1%", "aql") == share_of("1/100", "aql")
