"""A row restates the fact that it can only mean; what could be several is refused."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.fleet.engine import restatements
from scuderia.fleet.engine.outage_rows import OutageRow, key_of, same_row
from scuderia.fleet.engine.restatements import Held, Restatements, changed_fields, merged, restated
from scuderia.intake.fields import Numbered
from scuderia.intake.records import Flaw


def row(start=1_000, end=2_000, cause="fan", key="", node="g1", planned=None, detected=None):
    return OutageRow(node, start, end, cause, planned, detected, key)


def held(key="h1", start=1_000, end=2_000, cause="fan", **more):
    more = {"starts": frozenset({start}), "causes": frozenset({cause})} | more
    return Held(key, "g1", start, end, cause, more.pop("planned", False), None, **more)


def keys(rows, facts, tolerance=60):
    found = restated(rows, facts, "", tolerance)
    return ["?" if isinstance(f, Flaw) else f and f.key for f in found]


def test_a_cause_learnt_since_is_the_same_fact():
    assert keys([row(cause="psu")], [held(cause="")]) == ["h1"]


def test_a_second_fault_of_one_second_is_a_fact_of_its_own():
    rows = [row(cause="fan"), row(cause="psu")]
    assert keys(rows, [held(cause="fan")]) == ["h1", None]
    assert keys(rows, [held("a", cause="psu"), held("b", cause="fan")]) == ["b", "a"]


def test_a_row_of_another_second_is_no_rival_for_the_fact_of_this_one():
    assert keys([row(cause="psu"), row(start=9_000, end=9_900)], [held()]) == ["h1", None]


def test_what_could_be_one_of_two_is_refused():
    assert keys([row(cause="x")], [held("a", cause="fan"), held("b", cause="psu")]) == ["?"]
    assert keys([row(cause="x"), row(cause="y")], [held()]) == ["?", "?"]


def test_a_start_close_by_is_the_same_fact_up_to_the_tolerance_and_only_if_they_overlap():
    assert keys([row(start=1_060)], [held()]) == ["h1"]
    assert keys([row(start=1_061)], [held()]) == [None]
    assert keys([row(start=940)], [held()]) == ["h1"]
    assert keys([row(start=1_030, end=1_040)], [held(end=1_030)]) == [None]
    assert keys([row(start=970, end=1_000)], [held()]) == [None]
    assert keys([row(start=1_030)], [held(end=None)]) == ["h1"]


def test_a_fact_that_another_row_restates_exactly_is_not_claimed_by_one_close_by():
    assert keys([row(), row(start=1_030)], [held()]) == ["h1", None]


def test_two_rows_or_two_facts_close_by_are_refused():
    assert keys([row(start=980), row(start=1_020)], [held()]) == ["?", "?"]
    assert keys([row(start=1_010)], [held("a"), held("b", start=1_020)]) == ["?"]


def test_the_sources_own_key_holds_whatever_else_was_corrected():
    own = key_of("", row(key="T1"))
    facts = [held(own, start=900_000, end=900_001, cause="other"), held("trace:x")]
    assert keys([row(key="T1")], facts) == [own]
    assert keys([row(key="T2")], facts[:1]) == [None]


def test_a_key_that_the_source_began_to_send_finds_the_fact_booked_without_one():
    assert keys([row(key="T2")], [held("trace:x")]) == ["trace:x"]
    other = held(key_of("", row(key="T1")))
    assert keys([row(key="T2")], [other]) == [None]


def test_what_a_fact_once_said_still_finds_it():
    amended = held(start=1_500, cause="psu", starts=frozenset({1_000, 1_500}),
                   causes=frozenset({"fan", "psu"}))  # fmt: skip
    assert keys([row(), row(cause="other")], [amended]) == ["h1", None]


def test_what_the_file_does_not_say_stays():
    after = merged(held(cause="psu", planned=True), row(cause="", end=None))
    assert (after.cause, after.planned, after.end) == ("psu", True, None)
    assert changed_fields(held(cause="psu", planned=True), after) == ("end",)


def test_fields_that_a_person_amended_stay_and_are_named():
    after = merged(held(cause="psu", by_hand=frozenset({"cause"})), row(end=1_500))
    assert (after.cause, after.end, after.kept) == ("psu", 1_500, ("cause",))
    assert merged(held(by_hand=frozenset({"cause"})), row()).kept == ()


def test_an_end_before_a_start_that_a_person_amended_is_refused():
    late = held(start=1_900, by_hand=frozenset({"start"}), starts=frozenset({1_000, 1_900}))
    with pytest.raises(Flaw, match="a person amended"):
        merged(late, row(end=1_800))


def test_rows_with_other_causes_are_other_records_of_a_file():
    assert same_row(row()) == same_row(row(end=5_000, planned=True))
    assert same_row(row()) != same_row(row(cause="psu"))
    assert same_row(row(key="T1")) == same_row(row(key="T1", start=5, cause="psu"))
    assert same_row(row(key="T1")) != same_row(row(key="T1", node="g2"))


def test_a_row_waits_until_all_that_could_restate_its_fact_are_seen(monkeypatch):
    monkeypatch.setattr(restatements, "_BATCH", 1)
    rows = [Numbered(n, "", row(start=at, end=at + 90)) for n, at in enumerate((800, 980, 1_000))]
    matching = Restatements("", 60, Books([held(end=1_080)]).load)
    assert [getattr(match, "key", None) for _, match in matching.matched(rows)] == [
        None, None, "h1",
    ]  # fmt: skip


@dataclass
class Books:
    facts: list[Held]

    def load(self, rows, tolerance):
        first, last = rows[0].start - tolerance, rows[-1].start + tolerance
        return [fact for fact in self.facts if first <= fact.start <= last]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=40),
    st.integers(0, 12),
    st.integers(1, 9),
)
def test_windows_of_any_size_match_as_one_window_does(moments, tolerance, batch):
    """Each fact stands at a multiple of 60 s, so that no chain reaches from one to the next."""
    starts = sorted({60 * (at // 60) + at % 60 % 13 for at, _ in moments})
    rows = [Numbered(n, str(n), row(start=at, end=at + 50)) for n, at in enumerate(starts)]
    books = Books([held(f"h{at}", start=at, end=at + 55) for at in range(0, 420, 60)])
    matching = Restatements("", tolerance, books.load)
    whole = told(matching.matched(rows))
    before = restatements._BATCH
    restatements._BATCH = batch
    try:
        assert told(matching.matched(rows)) == whole
    finally:
        restatements._BATCH = before
    assert [number for number, _ in whole] == list(range(len(rows)))


def told(matches):
    return [(entry.number, str(match)) for entry, match in matches]


def test_rows_of_one_second_wait_for_one_another_up_to_twenty_thousand():
    read = []

    def rows():
        for number in range(20_100):
            read.append(number)
            yield Numbered(number, "", row(node=f"g{number}"))

    told = Restatements("", 60, lambda _rows, _tolerance: ()).matched(rows())
    next(told)
    assert len(read) == 20_000
    assert 1 + sum(1 for _ in told) == 20_100
