"""The delivery forecast held against what happened; prints one JSON object.

    python -m benchmarks.forecast

The 32 topics of UKPConvArg1 as projects, the target 99 % of each one's judgments, a forecast at
25, 50 and 75 % of it. They ran in four waves of eight, each wave's topics side by side; a topic is
foretold from its own arrivals until then and from the topics of the other three waves, never from
its own. `coverage80` is how many of the 96 ended inside the interval of 80 %, in calendar time,
pauses and all (one wave stood still for 17 days: all of its 24 count as missed); `width_days_p50`
is the interval's median width; `error_days_p50` how far the P50 was off. Beside it the losing
peers, a line through the burn-down and the rate of the last 24 hours, which say one date and no
interval.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.machine import told_of_here
from scuderia.datasets.engine.forecast_errors import BackTest
from scuderia.datasets.engine.forecasts import (
    Arrivals,
    Forecast,
    ForecastAsked,
    back_tests,
    forecast,
)

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "ukpconvarg1"
POINTS = (0.25, 0.5, 0.75)
SHARE, WAVE, DAY_S = 0.99, 8, 86_400


def topics() -> dict[str, Arrivals]:
    """Return each topic's arrivals, the topics by their first."""
    import pyarrow.parquet as pq

    judged: dict[str, list[tuple[str, datetime]]] = {}
    for one in pq.read_table(DATA / "judgments.parquet").to_pylist():
        of = judged.setdefault(one["topic"], [])
        of.append((one["worker"], one["submit"].replace(tzinfo=UTC)))
    found = {topic: Arrivals.of(of) for topic, of in judged.items()}
    return dict(sorted(found.items(), key=lambda one: (int(one[1].seconds[0]), one[0])))


def target_of(arrivals: Arrivals) -> int:
    return int(np.ceil(SHARE * arrivals.seconds.size))


def end_of(arrivals: Arrivals) -> datetime:
    return datetime.fromtimestamp(int(arrivals.seconds[target_of(arrivals) - 1]), UTC)


def asked_at(arrivals: Arrivals, point: float) -> ForecastAsked:
    target = target_of(arrivals)
    now = int(arrivals.seconds[int(np.ceil(point * target)) - 1])
    return ForecastAsked(target, datetime.fromtimestamp(now, UTC), seed=1)


def off_days(said: datetime, end: datetime) -> float:
    return abs((said - end).total_seconds()) / DAY_S


def burn_down(arrivals: Arrivals, asked: ForecastAsked) -> float:
    """Return how many days a line through the burn-down is off."""
    now = int(asked.now.timestamp())
    done = int(np.searchsorted(arrivals.seconds, now, side="right"))
    took = now - int(arrivals.seconds[0])
    left = (asked.target - done) * took / done
    return abs(now + left - end_of(arrivals).timestamp()) / DAY_S


def last_day(arrivals: Arrivals, asked: ForecastAsked) -> float:
    """Return how many days the rate of the last 24 hours is off."""
    now = int(asked.now.timestamp())
    before, done = np.searchsorted(arrivals.seconds, (now - DAY_S, now), side="right")
    left = (asked.target - done) * DAY_S / max(1, done - before)
    return abs(float(now + left - end_of(arrivals).timestamp())) / DAY_S


def foretold(point: float, of: dict[str, Arrivals]) -> dict[str, float]:
    names = list(of)
    wave = {name: str(at // WAVE) for at, name in enumerate(names)}
    past: dict[str, list[BackTest]] = {
        name: back_tests(of[name], target_of(of[name]), wave[name], POINTS) for name in names
    }
    inside, width, off, line, day = [], [], [], [], []
    for name in names:
        asked, end = asked_at(of[name], point), end_of(of[name])
        others = [one for other in names if wave[other] != wave[name] for one in past[other]]
        told: Forecast = forecast(of[name], asked, others)
        assert told.low and told.high and told.p50  # noqa: S101, PT018 - a benchmark's own claim
        inside.append(told.low <= end <= told.high)
        width.append((told.high - told.low).total_seconds() / DAY_S)
        off.append(off_days(told.p50, end))
        line.append(burn_down(of[name], asked))
        day.append(last_day(of[name], asked))
    return {
        "covered": int(sum(inside)),
        "coverage80": round(float(np.mean(inside)), 3),
        "width_days_p50": round(float(np.median(width)), 2),
        "error_days_p50": round(float(np.median(off)), 2),
        "burn_down_error_days_p50": round(float(np.median(line)), 2),
        "last_24h_error_days_p50": round(float(np.median(day)), 2),
        "widths": width,
    }


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    if not DATA.is_dir():
        print(json.dumps({"skipped": "UKPConvArg1 is not in ../shared/data"}))
        return
    of = topics()
    at = {f"{point:.0%}": foretold(point, of) for point in POINTS}
    widths = [one for found in at.values() for one in found.pop("widths")]
    covered = sum(found["covered"] for found in at.values())
    found = {
        "forecasts": len(widths),
        "covered": covered,
        "coverage80": round(covered / len(widths), 3),
        "width_days_p50": round(float(np.median(widths)), 2),
        "at": at,
    }
    print(json.dumps(found | told_of_here("numpy"), indent=2))


if __name__ == "__main__":
    main()
