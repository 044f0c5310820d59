"""The vectorised ledger and the naive painter agree on every GPU-second."""

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from scuderia.fleet.engine import facts, ledger
from scuderia.fleet.engine.customer_days import calendar_in, complete_days, local_days
from scuderia.fleet.engine.sla import Request, ledger_of
from scuderia.fleet.nouns import DOWNTIME, LEDGER_PRECEDENCE, LedgerClass
from tests.examples import examples
from tests.fleet.painter import local_date, paint
from tests.fleet.promised import customer

# ten minutes before an hour that Rome repeats, ends ten minutes after the next midnight in Samoa
ROME_TURNS_BACK = 1_729_990_200  # 2024-10-27T00:50:00Z
LENGTH = 900
PHASES = (LedgerClass.WAITING_PARTS, LedgerClass.IN_REPAIR, LedgerClass.VALIDATING)


@st.composite
def intervals(draw, origin: int, *, may_last: bool = True):
    first = draw(st.integers(-100, LENGTH + 50))
    length = draw(st.integers(0, 400))
    lasts = may_last and draw(st.booleans()) and draw(st.booleans())
    return origin + first, None if lasts else origin + first + length


@st.composite
def shares(draw, gpus: int):
    """What an outage says of its share: nothing, a count, or the GPUs by their indices."""
    told = draw(st.sampled_from(["nothing", "count", "indices"]))
    if told == "count":
        return draw(st.integers(1, gpus)), ()
    if told == "indices":
        indices = draw(st.sets(st.integers(0, gpus - 1), min_size=1))
        return len(indices), tuple(sorted(indices))
    return None, ()


@st.composite
def facts_around(draw, origin: int) -> facts.FleetFacts:
    count = draw(st.integers(1, 4))
    nodes = [
        facts.NodeFact(
            f"n{row}",
            "s",
            draw(st.sampled_from([1, 2, 4, 7, 8])),
            "h",
            origin + draw(st.integers(-50, 300)),
            draw(st.one_of(st.none(), st.integers(301, LENGTH + 50).map(lambda t: origin + t))),
        )
        for row in range(count)
    ]
    outages, phases, holds = [], [], []
    for number in range(draw(st.integers(0, 8))):
        start, end = draw(intervals(origin))
        row = draw(st.integers(0, count - 1))
        outages.append(
            facts.OutageFact(
                row,
                start,
                end,
                None,
                draw(st.sampled_from(["", "fan", "gpu"])),
                draw(st.booleans()),
                f"k{number}",
                *draw(shares(nodes[row].gpus)),
            )
        )
    for _ in range(draw(st.integers(0, 8))):
        start, end = draw(intervals(origin))
        phases.append(
            facts.PhaseFact(
                draw(st.integers(0, count - 1)), draw(st.sampled_from(PHASES)), start, end
            )
        )
    for row in range(count):
        cuts = sorted(draw(st.lists(st.integers(-50, LENGTH + 50), max_size=6, unique=True)))
        for first, last in zip(cuts[::2], cuts[1::2], strict=False):
            holder = draw(st.integers(0, 1))
            holds.append(facts.HoldFact(row, holder, origin + first, origin + last))
    customers = [
        customer("ada", 0.9, "Europe/Rome"),
        customer("bo", None),
    ]
    return facts.FleetFacts(nodes, customers, outages, phases, holds)


@examples(150)
@given(told=facts_around(ROME_TURNS_BACK))
def test_every_gpu_second_is_in_the_class_and_hand_that_the_painter_gives_it(told):
    start, end = ROME_TURNS_BACK, ROME_TURNS_BACK + LENGTH
    segments = ledger.resolve(told, start=start, end=end)
    unrolled = {node.name: {} for node in told.nodes}
    parts = Counter()
    for row in range(len(segments.node)):
        holder = int(segments.customer[row])
        name = None if holder == ledger.NOBODY else told.customers[holder].name
        kind = LEDGER_PRECEDENCE[int(segments.kind[row])].value
        node, gpus = told.nodes[int(segments.node[row])].name, int(segments.gpus[row])
        over = gpus if segments.over_outage[row] else 0
        for second in range(int(segments.start[row]), int(segments.end[row])):
            classes, held_by, hidden = unrolled[node].setdefault(second, ({}, name, 0))
            classes[kind] = classes.get(kind, 0) + gpus
            unrolled[node][second] = (classes, held_by, hidden + over)
            parts[node, second] += int(segments.parts[row])
            assert held_by == name
    assert {
        node: [(second, *rows[second]) for second in sorted(rows)]
        for node, rows in unrolled.items()
    } == paint(told, start, end)
    assert {*parts.values()} <= {segments.unit}


MIDNIGHTS = {
    "Europe/Rome": 1_729_979_900,  # 2024-10-26T21:58:20Z, a day of 25 hours begins
    "Pacific/Apia": 1_325_239_100,  # 2011-12-30T09:58:20Z, a day that never was
    "Africa/Cairo": 1_714_081_900,  # 2024-04-25T21:51:40Z, midnight itself is skipped
    "Asia/Kathmandu": 1_729_966_200,  # 2024-10-26T18:10:00Z, a zone of a quarter of an hour
}


@examples(80)
@given(
    data=st.data(), zone=st.sampled_from(sorted(MIDNIGHTS)), whose=st.sampled_from(["ada", None])
)
def test_days_and_customers_sum_to_what_the_painter_paints(data, zone, whose):
    start = MIDNIGHTS[zone]
    end = start + LENGTH
    told = data.draw(facts_around(start))
    found = ledger_of(told, Request(start, end, customer=whose, time_zone=zone))
    painted = paint(told, start, end)
    sizes = {node.name: node.gpus for node in told.nodes}
    seconds = [
        (name, local_date(second, zone), kind, gpus)
        for name, rows in painted.items()
        for second, classes, holder, _ in rows
        if whose in (None, holder)
        for kind, gpus in classes.items()
    ]
    gpus_per_day, per_day, per_node = Counter(), Counter(), Counter()
    for name, day, kind, gpus in seconds:
        gpus_per_day[day, kind] += gpus
        per_day[day, kind] += Fraction(gpus, sizes[name])
        per_node[name, kind] += Fraction(gpus, sizes[name])
    assert {
        (entry.day, kind.value): count
        for entry in found.days
        for kind, count in entry.gpu_seconds.items()
        if count
    } == dict(gpus_per_day)
    assert sum(found.gpu_seconds.values()) == sum(gpus for *_, gpus in seconds)
    for entry in found.days:
        up = sum(per_day[entry.day, kind] for kind in ("serving", "idle_spare"))
        lost = sum(per_day[entry.day, kind.value] for kind in DOWNTIME)
        assert entry.availability == (float(up / (up + lost)) if up + lost else None)
        exact = {kind: per_day[entry.day, kind.value] for kind in LedgerClass}
        assert all(abs(entry.seconds[kind] - told) < 1 for kind, told in exact.items())
        assert sum(entry.seconds.values()) == sum(exact.values())
    for name, classes in found.by_node.items():
        assert all(abs(count - per_node[name, kind.value]) < 1 for kind, count in classes.items())
        assert sum(classes.values()) == sum(per_node[name, kind.value] for kind in LedgerClass)
    assert found.node_seconds == sum(per_node.values())


def test_days_are_23_and_25_hours_long_when_rome_changes_its_clocks():
    rome = calendar_in("Europe/Rome")
    start, end = 1_711_666_800, 1_711_926_000  # 2024-03-29 to 2024-04-01, local midnights
    days = complete_days(start, end, rome)
    assert [int(length) // 3600 for length in days.edges[1:] - days.edges[:-1]] == [24, 24, 23]
    autumn = complete_days(1_729_893_600, 1_730_156_400, rome)  # 2024-10-26 to 10-29
    assert [int(length) // 3600 for length in autumn.edges[1:] - autumn.edges[:-1]] == [24, 25, 24]


def test_a_day_that_is_not_over_is_no_complete_day():
    days = complete_days(3600, 86_400 * 3 - 1, calendar_in("UTC"))
    assert [day.isoformat() for day in days.dates] == ["1970-01-02"]


def test_a_skipped_day_does_not_appear():
    days = local_days(1_325_152_800, 1_325_325_600, calendar_in("Pacific/Apia"))
    assert [day.isoformat() for day in days.dates] == ["2011-12-29", "2011-12-31"]
