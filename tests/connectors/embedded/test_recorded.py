"""A fleet that lives through a file of outages: as recorded, no more, no less, and none before."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.http import HttpRequest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from scuderia.basics.clock import FixedClock
from scuderia.basics.errors import BadInput
from scuderia.basics.rooms import RecordedDemo
from scuderia.basics.subjects import SubjectRef
from scuderia.config.cli import main as cli
from scuderia.connectors.embedded import plugin
from scuderia.connectors.embedded.demo import cast, make_world
from scuderia.connectors.embedded.executor import EmbeddedControl
from scuderia.connectors.embedded.plugin import layout_in, world_of
from scuderia.connectors.embedded.reader import EmbeddedReader
from scuderia.connectors.embedded.recorded import RecordedYear, read_year
from scuderia.connectors.embedded.seeding import create_recorded_world
from scuderia.connectors.embedded.storage import open_world, read_meta
from scuderia.fleet.nouns import ControlCommand, ControlVerb, NodeState
from scuderia.loop.ports import registry as loop
from scuderia.twin.engine.outage_logs import merge_spans
from tests.examples import examples

DAY = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def table(path: Path, outages: Sequence[tuple[str, int, int | None]]) -> Path:
    """Write (node, hour it began, hour it ended or None) as a table of outages."""
    lines = ["node,start,end,cause"]
    for node, start, end in outages:
        until = "" if end is None else (DAY + end * HOUR).isoformat()
        lines.append(f"{node},{(DAY + start * HOUR).isoformat()},{until},a cause")
    path.write_text("\n".join(lines) + "\n")
    return path


def lived(path: Path, year: RecordedYear, hours: Sequence[int]) -> dict[str, list[tuple[int, int]]]:
    """Let a fleet live to each of those hours and return every outage that was observed."""
    clock = FixedClock(DAY + hours[0] * HOUR)
    create_recorded_world(path, year, as_of=int(clock.now().timestamp()), wall_now=DAY)
    reader, cursor, seen = EmbeddedReader(path, clock), "", []
    for hour in hours:
        clock.advance(DAY + hour * HOUR - clock.now())
        page = reader.observe(cursor=cursor, limit=5_000)
        cursor, seen = page.cursor, [*seen, *page.observations]
    found: dict[str, list[tuple[int, int]]] = {}
    began: dict[str, datetime] = {}
    for one in seen:
        if one.state is NodeState.DOWN:
            began[one.node] = one.at
        elif one.state is NodeState.UP and one.node in began:
            span = (began.pop(one.node), one.at)
            found.setdefault(one.node, []).append(
                tuple(int((at - DAY) / HOUR) for at in span)  # type: ignore[arg-type]
            )
    return found


@given(
    outages=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 200), st.integers(1, 90)).map(
            lambda told: (told[0], told[1], told[1] + told[2])
        ),
        min_size=1, max_size=12,
    ),
    stops=st.lists(st.integers(1, 400), max_size=4),
)  # fmt: skip
@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_observed_is_what_the_file_says_however_time_is_cut(tmp_path, outages, stops):
    for leftover in tmp_path.iterdir():
        leftover.unlink()
    year = read_year(table(tmp_path / "o.csv", outages), fleet_size=5, spares=1)
    seen = lived(tmp_path / "w.sqlite3", year, [*sorted(stops), 500])
    expected: dict[str, list[tuple[int, int]]] = {}
    for name in "abc":
        spans = merge_spans((start, end) for node, start, end in outages if node == name)
        if spans:
            expected[name] = spans
    assert seen == expected


def test_the_fleet_is_as_large_as_asked_with_spares_that_nobody_holds(tmp_path):
    year = read_year(table(tmp_path / "o.csv", [("a", 5, 9)]), fleet_size=10, spares=3)
    clock = FixedClock(DAY + 6 * HOUR)
    create_recorded_world(tmp_path / "w", year, as_of=int(clock.now().timestamp()), wall_now=DAY)
    reader = EmbeddedReader(tmp_path / "w", clock)
    stock, current = reader.inventory(), reader.current()
    assert len(stock.places) == len(current) == 13
    assert stock.spare_pool == {"year": 3}
    assert [sla.target for sla in stock.slas] == [0.95]
    free = sorted(name for name, one in current.items() if one.customer is None)
    assert free == ["spare-0001", "spare-0002", "spare-0003"]
    assert all(current[name].spare for name in free)
    assert current["a"].state is not NodeState.UP
    assert current["a"].cause == "a cause"


def test_nothing_after_the_day_is_known_to_who_reads(tmp_path):
    outages = [("a", 5, 30), ("b", 40, 50), ("a", 60, 70)]
    year = read_year(table(tmp_path / "o.csv", outages), fleet_size=3, spares=1)
    as_of = DAY + 20 * HOUR
    create_recorded_world(tmp_path / "w", year, as_of=int(as_of.timestamp()), wall_now=DAY)
    page = EmbeddedReader(tmp_path / "w", FixedClock(as_of)).observe(cursor="", limit=5_000)
    assert max(one.at for one in page.observations) <= as_of
    told = {one.node for one in page.observations if one.state is NodeState.DOWN}
    assert told == {"a"}


def test_a_pulled_node_misses_what_the_file_says_of_its_time_away_and_no_more(tmp_path):
    outages = [("a", 100, 110), ("a", 130, 140), ("a", 400, 410)]
    year = read_year(table(tmp_path / "o.csv", outages), fleet_size=3, spares=1)
    clock = FixedClock(DAY + 105 * HOUR)
    create_recorded_world(tmp_path / "w", year, as_of=int(clock.now().timestamp()), wall_now=DAY)
    control, node = EmbeddedControl(tmp_path / "w", clock), SubjectRef("node", "a")
    for verb in (ControlVerb.RELEASE, ControlVerb.DRAIN, ControlVerb.OVERHAUL):
        control.apply(ControlCommand(verb, node, {}), key=verb.value)
    clock.advance(195 * HOUR)
    reader = EmbeddedReader(tmp_path / "w", clock)
    assert reader.current()["a"].state is NodeState.UP
    clock.advance(101 * HOUR)
    assert reader.current()["a"].state is not NodeState.UP
    seen = reader.observe(cursor="", limit=5_000).observations
    downs = [one.at for one in seen if one.node == "a" and one.state is NodeState.DOWN]
    assert downs == [DAY + 100 * HOUR, DAY + 400 * HOUR]


def test_only_the_years_customer_can_be_given_a_node_and_only_its_cluster_has_a_pool(tmp_path):
    year = read_year(table(tmp_path / "o.csv", [("a", 5, 9)]), fleet_size=3, spares=2)
    create_recorded_world(tmp_path / "w", year, as_of=int((DAY + HOUR).timestamp()), wall_now=DAY)
    control = EmbeddedControl(tmp_path / "w", FixedClock(DAY + HOUR))
    spare = SubjectRef("node", "spare-0001")
    given_to = ControlCommand(ControlVerb.ASSIGN, spare, {"customer": "demo-aurora"})
    with pytest.raises(Exception, match="no such customer"):
        control.apply(given_to, key="1")
    mine = ControlCommand(ControlVerb.ASSIGN, spare, {"customer": "fleet"})
    assert "now belongs to fleet" in control.apply(mine, key="2").said
    pool = ControlCommand(ControlVerb.SET_SPARE_POOL, SubjectRef("cluster", "year"), {"size": 1})
    assert "set to 1" in control.apply(pool, key="3").said


def test_an_outage_without_an_end_lasts_to_the_end_of_the_file(tmp_path):
    year = read_year(table(tmp_path / "o.csv", [("a", 5, None), ("b", 10, 20)]), fleet_size=2,
                     spares=0)  # fmt: skip
    assert year.outages["a"] == [
        (int((DAY + 5 * HOUR).timestamp()), int((DAY + 20 * HOUR).timestamp()), "a cause")
    ]


def test_names_in_the_file_are_not_taken_twice(tmp_path):
    file = table(tmp_path / "o.csv", [("spare-0001", 5, 9), ("quiet-1", 5, 9)])
    year = read_year(file, fleet_size=4, spares=1)
    names = [place.node for place in year.layout.places]
    assert len(set(names)) == len(names) == 5
    assert year.spares[0] != "spare-0001"


@pytest.mark.parametrize(
    ("as_of", "hour"), [("", 48), ("2026-03-02", 24), ("2026-03-02T06:00:00Z", 30), ("1", 24)]
)
def test_a_day_is_a_date_an_instant_or_a_number_of_the_file(tmp_path, as_of, hour):
    year = read_year(table(tmp_path / "o.csv", [("a", 5, 72)]), fleet_size=1, spares=0)
    assert year.instant_of(as_of) == int((DAY + hour * HOUR).timestamp())


@pytest.mark.parametrize(
    "as_of", ["0", "4", "2026-02-28", "2027-01-01", "soon", "2026-03-02T06:00"]
)
def test_a_day_that_the_file_does_not_reach_is_refused_with_its_bounds(tmp_path, as_of):
    year = read_year(table(tmp_path / "o.csv", [("a", 5, 72)]), fleet_size=1, spares=0)
    with pytest.raises(BadInput, match="--as-of") as refused:
        year.instant_of(as_of)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("content", "size", "words"),
    [
        ("node,start,end\na,2026-03-01T00:00:00Z,\nb,2026-03-01T00:00:00Z,\n", 1, "names 2 nodes"),
        ("node,start,end\na,yesterday,\n", 3, "Record 2"),
        ("node,start,end\n", 3, "holds no outage"),
        ("node,start,end\na,2026-03-01T00:00:00Z,\n", 0, "cannot be lived through"),
        ("node,start,end\na,2026-03-01T00:00:00Z,\n", 5_001, "cannot be lived through"),
    ],
)
def test_a_file_that_cannot_be_lived_through_is_refused_with_what_to_do(
    tmp_path, content, size, words
):
    file = tmp_path / "o.csv"
    file.write_text(content)
    with pytest.raises(BadInput, match=words) as refused:
        read_year(file, fleet_size=size, spares=0)
    assert refused.value.remedy


def test_a_demo_of_a_year_keeps_its_file_and_has_an_operator_of_its_customer(tmp_path):
    file = table(tmp_path / "o.csv", [("a", 5, 72)])
    asked = RecordedDemo(file, 4, 1, "1")
    assert "4 nodes, 1 spares" in make_world(tmp_path, speed=None, healthy=False, recorded=asked)
    assert layout_in(tmp_path).recorded == "o.csv: 4 nodes, 1 spares"
    people = {name: scope for name, _, scope, _ in cast(tmp_path)}
    assert people == {"otto": "customer:fleet", "vera": "*", "lena": "*", "ada": "*"}
    assert "was there" in make_world(tmp_path, speed=None, healthy=False, recorded=asked)
    assert "was there" in make_world(tmp_path, speed=None, healthy=False)
    other = RecordedDemo(file, 5, 1, "1")
    with pytest.raises(BadInput, match="another fleet"):
        make_world(tmp_path, speed=None, healthy=False, recorded=other)
    with open_world(world_of(tmp_path)) as connection:
        assert int(read_meta(connection)["come_to"]) == int((DAY + 24 * HOUR).timestamp())


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--fleet-size", "4"], "belong to --from"),
        (["--as-of", "2026-03-02"], "belong to --from"),
        (["--from", "FILE"], "--fleet-size"),
        (["--from", "FILE", "--fleet-size", "4", "--healthy"], "exclude each other"),
        (["--from", "/nowhere.csv", "--fleet-size", "4"], "There is no file"),
    ],
)
def test_flags_that_do_not_fit_are_refused_before_anything_is_made(
    tmp_path, monkeypatch, capsys, flags, words
):
    file = table(tmp_path / "o.csv", [("a", 5, 72)])
    home = tmp_path / "home"
    monkeypatch.setenv("SCUDERIA_HOME", str(home))
    asked = [str(file) if flag == "FILE" else flag for flag in flags]
    assert cli.run(["demo", "--no-serve", *asked]) == 2
    assert words in capsys.readouterr().err
    assert not world_of(home).exists()


def test_every_page_says_what_is_replayed_and_when_the_file_has_ended(tmp_path, monkeypatch):
    file = table(tmp_path / "o.csv", [("a", 5, 72)])
    make_world(tmp_path, speed=None, healthy=False, recorded=RecordedDemo(file, 4, 1, "1"))
    clock = FixedClock(DAY + 24 * HOUR)
    monkeypatch.setattr(loop, "clock", clock)
    monkeypatch.setattr(plugin.fleet, "register_reader", lambda _: None)
    monkeypatch.setattr(plugin.fleet, "register_control", lambda *_: None)
    monkeypatch.setattr(plugin, "_registered", [])
    assert plugin.notices(HttpRequest()) == ()
    plugin.register(tmp_path)
    world_of(tmp_path).unlink()  # a page answers all the same: it asks the world nothing
    (notice,) = plugin.notices(HttpRequest())
    assert "Replay of o.csv: 4 nodes, 1 spares" in notice.words
    assert "as of 2026-03-02" in notice.words
    assert "ends here" not in notice.words
    clock.advance(48 * HOUR)
    (notice,) = plugin.notices(HttpRequest())
    assert "The file ends here" in notice.words
