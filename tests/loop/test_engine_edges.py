"""The loop's pure rules at their edges, each value worked by hand."""

import math
from dataclasses import replace

import pytest

from scuderia.basics.rooms import PowerSpec
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.action_kinds import IncompleteDeclaration, refuse_incomplete
from scuderia.loop.engine.audit_chain import GENESIS, Head, Link, hash_of, verify_chain
from scuderia.loop.engine.blast_radius import blast_objections
from scuderia.loop.engine.digest import BadParams, canonical_params, refuse_bad_targets
from scuderia.loop.engine.grants import Given, LevelNotBuilt, grant_in_force, refuse_unbuilt
from scuderia.loop.engine.json_codec import keepable
from scuderia.loop.engine.outcomes import (
    Kept,
    Promise,
    interval_coverage,
    median_error,
    verdict_of,
)
from scuderia.loop.engine.powers import BadPower, refuse_bad_power
from scuderia.loop.nouns import (
    Autonomy,
    BlastBound,
    BlastRadius,
    OutcomeVerdict,
    ParamSpec,
    Reversibility,
)
from tests.loop.factories import NOW, ValveLineage, kind_named, later, valves


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"name": "turn_valves"}, "the name must be room.verb"),
        ({"title": ""}, "no title"),
        ({"undo": ""}, "no undo"),
        ({"blast": BlastBound(0, 0.5, "valves")}, "no absolute blast bound"),
        ({"blast": BlastBound(1, 0.0, "valves")}, "no blast bound as a share"),
        ({"blast": BlastBound(1, 1.01, "valves")}, "no blast bound as a share"),
        ({"blast": BlastBound(1, 0.5, "")}, "does not say what the share is of"),
        ({"preconditions": ()}, "no preconditions"),
        ({"probe": ""}, "no verification probe"),
        ({"version": 0}, "no version"),
        ({"params": (ParamSpec("to", "int", ""),)}, "a parameter without words"),
    ],
)
def test_a_declaration_names_the_one_thing_it_leaves_out(changes, missing):
    with pytest.raises(IncompleteDeclaration, match=missing) as refused:
        refuse_incomplete(replace(kind_named("hall.turn_valves"), **changes))
    assert ";" not in refused.value.message


def test_a_declaration_at_its_bounds_is_complete():
    refuse_incomplete(kind_named("a.b", blast=BlastBound(1, 1.0, "valves"), version=1))
    refuse_incomplete(kind_named("a.b", undo="", reversibility=Reversibility.IRREVERSIBLE))


def chain(count: int) -> list[Link]:
    links: list[Link] = []
    for seq in range(1, count + 1):
        previous = links[-1].hash if links else "0" * 64
        link = Link(
            seq=seq,
            at=NOW,
            actor="person:omar",
            via="page",
            verb="said",
            subject="*",
            reason="",
            detail="{}",
            reach="*",
            previous=previous,
        )
        links.append(replace(link, hash=hash_of(link)))
    return links


def test_a_whole_chain_holds_from_nothing_to_its_end():
    assert GENESIS == "0" * 64
    nothing = verify_chain([])
    assert (nothing.holds, nothing.entries, nothing.head) == (True, 0, Head(0, GENESIS))
    links = chain(3)
    told = verify_chain(links)
    assert (told.holds, told.entries, told.head) == (True, 3, Head(3, links[2].hash))
    for seq in (0, 1, 3):
        exported = Head(seq, links[seq - 1].hash if seq else GENESIS)
        assert verify_chain(links, exported=exported).holds


@pytest.mark.parametrize(
    ("spoil", "broken_at", "said"),
    [
        (lambda links: links[1:], 1, "entry 1 is missing"),
        (lambda links: [links[0], links[2]], 2, "entry 2 is missing"),
        (lambda links: [links[0], replace(links[1], previous=GENESIS), links[2]], 2, "follow"),
        (lambda links: [*links[:2], replace(links[2], verb="did")], 3, "was changed"),
    ],
)
def test_a_spoilt_chain_names_the_first_entry_that_does_not_hold(spoil, broken_at, said):
    told = verify_chain(spoil(chain(3)))
    assert (told.holds, told.broken_at) == (False, broken_at)
    assert said in told.said


def test_an_exported_head_sees_a_cut_tail_and_another_history():
    links = chain(3)
    cut = verify_chain(links[:2], exported=Head(3, links[2].hash))
    assert (cut.holds, cut.entries, cut.broken_at) == (False, 2, 3)
    assert "ends at 2; an entry 3 was exported" in cut.said
    other = verify_chain(links, exported=Head(2, GENESIS))
    assert (other.holds, other.entries, other.broken_at) == (False, 2, 2)
    assert "entry 2 is not the one" in other.said


@pytest.mark.parametrize(
    ("count", "of", "targets", "said"),
    [
        (3, 4, 3, []),
        (0, 4, 0, []),
        (1, 10, 4, ["it touches 4 valves; a.b may touch 3"]),
        (3, 3, 0, ["it touches 100.0% of valves of the hall; a.b may touch 75.0%"]),
        (1, -10, 1, ["the blast radius is not a count", "it touches -10.0%"]),
    ],
)
def test_the_blast_is_told_by_what_it_passes(count, of, targets, said):
    told = blast_objections(kind_named("a.b"), BlastRadius(count, of, "valves"), targets=targets)
    assert len(told) == len(said)
    assert all(line.startswith(start) for line, start in zip(told, said, strict=True))


MIXED = kind_named(
    "a.b",
    params=(
        ParamSpec("share", "float", "a share", minimum=0.5, maximum=1.5),
        ParamSpec("note", "str", "words", required=False),
        ParamSpec("at", "subject", "where", required=False),
        ParamSpec("count", "int", "how many", required=False, default=2),
    ),
)


def test_parameters_at_their_bounds_are_kept():
    words = "x" * 500
    for share in (0.5, 1, 1.5):
        kept = canonical_params(MIXED, {"share": share, "note": words, "at": "valve:v1"})
        assert kept == {"share": share, "note": words, "at": "valve:v1", "count": 2}
        assert isinstance(kept["share"], float)


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        ({"share": 0.49}, "share is below 0.5"),
        ({"share": 1.51}, "share is above 1.5"),
        ({"share": math.inf}, "share must be finite"),
        ({"share": math.nan}, "share must be finite"),
        ({"share": 1, "note": "x" * 501}, "note is longer than 500 characters"),
        ({"share": 1, "at": "nowhere"}, "at is not a subject"),
        ({"share": 1, "at": 3}, "at must be subject"),
        ({}, "a.b: share is missing"),
    ],
)
def test_a_parameter_beyond_its_bounds_is_named_with_them(params, fault):
    with pytest.raises(BadParams, match=fault) as refused:
        canonical_params(MIXED, params)
    assert ";" not in refused.value.message


def test_ten_thousand_targets_are_the_most():
    many = tuple(SubjectRef("valve", f"v{number}") for number in range(10_001))
    refuse_bad_targets(many[:10_000])
    for bad in (many, (), valves("v1", "v1")):
        with pytest.raises(BadParams):
            refuse_bad_targets(bad)


def test_only_levels_that_act_may_be_given():
    for level in Autonomy:
        if level.value <= 2:
            refuse_unbuilt(level)
        else:
            with pytest.raises(LevelNotBuilt):
                refuse_unbuilt(level)


def test_a_grant_ends_at_its_expiry_and_holds_for_its_kind_alone():
    lineage = ValveLineage().lineage(valves("v1")[0])
    grant = Given(None, "a.b", SubjectRef.parse("*"), Autonomy(1), later(1), 0)  # type: ignore[arg-type]
    assert grant_in_force([grant], kind="a.b", lineage=lineage, at=later(0.99)) is grant
    assert grant_in_force([grant], kind="a.b", lineage=lineage, at=later(1)) is None
    assert grant_in_force([grant], kind="a.c", lineage=lineage, at=NOW) is None


LOWER = Promise(better="lower", do_nothing=10, expected=4, low=2, high=6)
HIGHER = Promise(better="higher", do_nothing=-10, expected=-4, low=-6, high=-2)


@pytest.mark.parametrize(
    ("high", "value", "verdict"),
    [
        (6, 6, OutcomeVerdict.MET),
        (6, 6.01, OutcomeVerdict.MISSED),
        (12, 10, OutcomeVerdict.INCONCLUSIVE),
        (12, 9.99, OutcomeVerdict.MET),
        (12, 12, OutcomeVerdict.INCONCLUSIVE),
    ],
)
def test_a_promise_is_judged_at_its_edges(high, value, verdict):
    assert verdict_of(replace(LOWER, high=high), value) is verdict
    assert verdict_of(replace(HIGHER, low=-high), -value) is verdict


def test_promises_are_counted_inside_with_their_ends():
    kept = [Kept(LOWER, value) for value in (1.99, 2, 4, 6, 6.01)]
    assert interval_coverage(kept) == 0.6
    assert interval_coverage([]) is None


def test_the_error_is_a_share_of_the_promised_effect():
    assert median_error([Kept(LOWER, 1), Kept(LOWER, 4), Kept(LOWER, 10)]) == 0.5
    assert median_error([Kept(HIGHER, -10)]) == 1.0
    assert median_error([Kept(replace(LOWER, do_nothing=4), 9)]) is None
    assert median_error([Kept(replace(LOWER, do_nothing=4.5), 5)]) == 2.0
    assert median_error([]) is None


def test_text_that_no_database_keeps_is_marked():
    assert keepable("a\x00b\ud800c\udfffd\ue000") == "a\ufffdb\ufffdc\ufffdd\ue000"


@pytest.mark.parametrize(
    "spec",
    [
        PowerSpec("Drain", ("lead",), acting=True),
        PowerSpec("x" * 41, ("lead",), acting=True),
        PowerSpec("drain", (), acting=True),
        PowerSpec("drain", ("lead", "king"), acting=True),
        PowerSpec("drain", ("lead",), acting=True, machines=("agent",)),
        PowerSpec("drain", ("lead",), acting=False, machines=("person",)),
    ],
)
def test_a_power_that_nobody_could_hold_safely_is_refused(spec):
    with pytest.raises(BadPower):
        refuse_bad_power(spec)
    refuse_bad_power(PowerSpec("x" * 40, ("lead",), acting=True))
    refuse_bad_power(PowerSpec("drain", ("lead",), acting=False, machines=("agent", "service")))
