"""The one table: what its address says, what it shows, what a spreadsheet may open."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from scuderia.web.components import Cell
from scuderia.web.table_csv import ROWS_MAX, csv_answer, csv_lines, safe
from scuderia.web.table_state import (
    OFFSET_MAX,
    SIZES,
    TableState,
    address,
    other_params,
    read_state,
    write_state,
)
from scuderia.web.tables import (
    Ask,
    Facet,
    TableColumn,
    TableSpec,
    open_table,
    pages_of,
    rows_in_memory,
)

AT = datetime(2026, 3, 14, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>'


@dataclass(frozen=True)
class Lap:
    name: str
    team: str
    seconds: float | None
    at: datetime = AT


def spec(**changes):
    given = {
        "caption": "Laps",
        "columns": (
            TableColumn("name", "Name", lambda row: Cell(row.name, href=f"/x/{row.name}"),
                        lambda row: row.name),
            TableColumn("team", "Team", lambda row: Cell(row.team)),
            TableColumn("seconds", "Seconds", lambda row: Cell(f"{row.seconds or 0:,.1f}"),
                        lambda row: row.seconds, numeric=True, first="-"),
            TableColumn("at", "At", lambda row: Cell("", "instant", at=row.at), lambda row: row.at,
                        shown=False),
        ),
        "key": lambda row: row.name,
        "facets": (Facet("team", "Team", (("red", "Red"), ("blue", "Blue")), lambda r: r.team),),
        "size": 10,
    } | changes  # fmt: skip
    return TableSpec(**given)


LAPS = [Lap(f"lap-{n:02}", "red" if n % 2 else "blue", float(n * 7 % 30)) for n in range(30)]


def opened(query="", rows=LAPS, **changes):
    table = spec(**changes)
    return open_table(table, rows_in_memory(table, rows), RequestFactory().get(f"/laps?{query}"))


def names(table):
    return [row.name for row in table.items]


# --- the address ------------------------------------------------------------------------------

STATES = st.builds(
    TableState,
    order=st.sampled_from(["", "name", "-name", "seconds", "-seconds", "at"]),
    size=st.sampled_from(SIZES),
    columns=st.sets(st.sampled_from(["team", "seconds", "at"])).map(
        lambda some: tuple(n for n in ("name", "team", "seconds", "at") if n in {"name", *some})
    ),
    words=st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=100),
    chosen=st.sampled_from([(), (("team", "red"),)]),
    page=st.integers(1, OFFSET_MAX // max(SIZES)),
    cursor=st.text("0123456789", max_size=20),
)
ANYTHING = st.text(max_size=30)


@given(STATES, st.sampled_from(["", "laps"]))
def test_what_is_written_into_an_address_is_read_back_from_it(state, prefix):
    shape = spec(name=prefix).shape
    url = address("/laps", [("days", "90")], write_state(shape, state))
    query = QueryDict(url.partition("?")[2])
    assert read_state(shape, query) == state
    assert other_params(shape, query) == [("days", "90")]


@given(st.lists(st.tuples(st.sampled_from(["q", "sort", "size", "cols", "page", "after", "team"]),
                          ANYTHING), max_size=8))  # fmt: skip
def test_whatever_an_address_says_is_bounded_and_written_one_way(pairs):
    shape = spec().shape
    query = QueryDict(address("", pairs).removeprefix("?"))
    state = read_state(shape, query)
    assert state.size in SIZES
    assert 0 <= state.offset <= OFFSET_MAX
    assert len(state.words) <= 100
    assert state.columns[0] == "name"
    again = read_state(shape, QueryDict(address("", write_state(shape, state)).removeprefix("?")))
    assert again == state


def test_two_tables_on_a_page_keep_out_of_each_others_way():
    table = opened("other-page=3&other-q=x&days=7&laps-page=2", name="laps")
    assert names(table) == [row.name for row in LAPS[10:20]]
    assert "other-page=3&other-q=x&days=7" in table.pager.after
    assert "laps-page=3" in table.pager.after
    assert ("other-page", "3") in table.kept


def test_a_default_is_not_said_in_the_address():
    assert opened().clear_href == "/laps"
    assert opened("size=10&page=1&cols=name&cols=team&cols=seconds&q=").clear_href == "/laps"


# --- rows -------------------------------------------------------------------------------------


def test_rows_are_filtered_by_words_and_by_facet():
    assert names(opened("q=LAP-07")) == ["lap-07"]
    assert {row.team for row in opened("team=red").items} == {"red"}
    assert names(opened("q=lap-1+red")) == [f"lap-{n}" for n in (11, 13, 15, 17, 19)]
    assert opened("team=green").is_filtered is False
    assert opened("q=lap-07").pager.total == 1


def test_rows_are_ordered_both_ways_and_the_unknown_stand_last():
    rows = [Lap("a", "red", 2.0), Lap("b", "red", None), Lap("c", "red", 1.0)]
    assert names(opened("sort=seconds", rows)) == ["c", "a", "b"]
    assert names(opened("sort=-seconds", rows)) == ["a", "c", "b"]
    assert names(opened("sort=team", rows)) == ["a", "b", "c"], "a column without an order"
    assert names(opened("sort=password", rows)) == ["a", "b", "c"]


def test_ties_keep_their_order_in_both_directions():
    rows = [Lap(name, "red", 1.0) for name in "abc"]
    assert (
        names(opened("sort=seconds", rows)) == names(opened("sort=-seconds", rows)) == list("abc")
    )


def test_a_page_past_the_end_is_the_first_one():
    table = opened("page=900")
    assert names(table)[0] == "lap-00"
    assert (table.pager.first, table.pager.before) == (1, "")


def test_pages_join_without_a_gap():
    seen = [name for page in (1, 2, 3) for name in names(opened(f"page={page}&sort=-name"))]
    assert seen == sorted((row.name for row in LAPS), reverse=True)
    assert opened("page=3").pager.after == ""


def test_heads_lead_to_the_other_order_and_back_to_the_first_page():
    heads = {head.label: head for head in opened("page=2&sort=name").table.columns}
    assert heads["Name"].sorted == "ascending"
    assert heads["Name"].sort == "/laps?sort=-name"
    assert heads["Seconds"].sort == "/laps?sort=-seconds"
    assert heads["Team"].sort == ""


def test_columns_are_chosen_and_the_first_always_stays():
    labels = [head.label for head in opened("cols=at").table.columns]
    assert labels == ["Name", "At"]
    assert [head.label for head in opened("cols=zzz").table.columns] == ["Name", "Team", "Seconds"]


def test_a_query_is_asked_for_one_page_and_one_row_more():
    asked = []

    def read(ask: Ask):
        asked.append((ask.offset, ask.limit, ask.state.words, ask.chosen))
        return LAPS[ask.offset : ask.offset + ask.limit]

    request = RequestFactory().get("/laps?page=2&q=x&team=red")
    table = open_table(spec(), pages_of(read), request)
    assert asked == [(10, 11, "x", {"team": "red"})]
    assert len(table.items) == 10
    assert (table.pager.first, table.pager.last, table.pager.total) == (11, 20, None)
    assert table.pager.after


# --- as drawn ---------------------------------------------------------------------------------


def drawn(table, **more):
    return render_to_string("ui/data_table.html", {"data": table, **more})


def test_hostile_text_is_text_wherever_it_stands():
    rows = [Lap(HOSTILE, HOSTILE, 1.0)]
    shown = drawn(opened(address("", [("q", HOSTILE), ("x", HOSTILE)])[1:], rows))
    assert "<script>" not in shown
    assert shown.count("&lt;script&gt;") >= 3


def test_lines_carry_what_live_refresh_reads_and_cards_need():
    shown = drawn(opened("", version=lambda row: row.team))
    assert 'data-row data-key="lap-00" data-version="blue"' in shown
    assert 'data-label="Seconds"' in shown


def test_everything_works_by_links_and_forms_alone():
    shown = drawn(opened("page=2&sort=name&team=red&days=7"))
    forms = re.findall(r"<form.*?</form>", shown, re.DOTALL)
    assert len(forms) == 2
    assert all('method="get" action="/laps"' in form for form in forms)
    assert all('name="days" value="7"' in form for form in forms)
    assert 'name="sort" value="name"' in forms[0], "filtering keeps the order"
    assert 'name="team" value="red"' in forms[1], "another view keeps the filter"
    assert 'name="page"' not in "".join(forms), "another question begins at the first page"
    assert 'name="cols" value="name"' in forms[1]


def test_nothing_matches_is_said_with_the_way_back():
    shown = drawn(opened("q=zebra"))
    assert "Nothing here matches" in shown
    assert 'href="/laps"' in shown
    assert opened("q=zebra").is_empty is False
    assert opened("", []).is_empty is True


def test_a_table_in_a_live_part_swaps_that_part_so_that_the_refresh_asks_the_new_address():
    assert 'hx-target="closest [data-live]"' in drawn(opened(), live=1)
    assert 'hx-target="this"' in drawn(opened())


# --- as a spreadsheet -------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_text_never_begins_a_formula(start):
    assert safe(f"{start}HYPERLINK(1)").startswith("'")


@given(st.text(), st.text())
def test_every_cell_of_text_is_read_back_as_text_that_is_no_formula(name, team):
    (_, line) = csv.reader(io.StringIO("".join(csv_lines(spec().columns, [Lap(name, team, -1.5)]))))
    assert line[0] == safe(name)
    assert not line[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert line[2] == "-1.5", "a number is a number"


def test_a_spreadsheet_holds_every_column_and_page_of_what_is_asked():
    table = spec()
    request = RequestFactory().get("/laps?csv=1&q=red&page=2&size=10&cols=at")
    answer = csv_answer(table, rows_in_memory(table, LAPS), request)
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0] == "Name,Team,Seconds,At"
    assert len(lines) == 1 + 15
    assert lines[1] == "lap-01,red,7.0,2026-03-14T00:00:00+00:00"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="laps.csv"'
    assert answer.headers["X-Rows-Left-Out"] == "no"


def test_a_spreadsheet_is_bounded_and_says_what_it_left_out():
    table, rows = spec(), [Lap(f"{n}", "red", 1.0, AT + timedelta(n)) for n in range(ROWS_MAX + 1)]
    for source in (rows_in_memory(table, rows), pages_of(lambda ask: rows[: ask.limit])):
        answer = csv_answer(table, source, RequestFactory().get("/laps?csv=1"))
        assert answer.headers["X-Rows-Left-Out"] == "yes"
        assert sum(1 for _ in answer.streaming_content) == ROWS_MAX + 1


def test_a_page_without_the_word_is_no_spreadsheet():
    table = spec(name="laps")
    source = rows_in_memory(table, LAPS)
    assert csv_answer(table, source, RequestFactory().get("/laps?csv=1")) is None
    assert csv_answer(table, source, RequestFactory().get("/laps?laps-csv=1")) is not None
