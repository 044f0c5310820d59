"""Heads kept outside: a chain that was rewritten or cut is found by them, and silence is told."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.errors import BadInput, NotFound, Unable
from scuderia.loop.engine.audit_chain import GENESIS, Head, Link, hash_of, verify_chain
from scuderia.loop.engine.audit_heads import (
    OutsideHead,
    OutsideHeads,
    heads_of,
    read_head_line,
    spell_head,
)
from scuderia.loop.models.audit import AuditEntry, AuditHead
from scuderia.loop.models.audit_heads import HeadExport
from scuderia.loop.operations import audit, audit_heads
from scuderia.loop.pages.notices import loop_notices
from scuderia.loop.ports import registry
from scuderia.loop.queries.audit_heads import list_head_stores, newest_age_s
from tests.loop.factories import NOW, person
from tests.loop.test_audit import chain  # noqa: F401 - a fixture

LENA, OMAR = person("lena"), person("omar")
MINUTE = timedelta(minutes=1)


@dataclass
class Shelf:
    """A place outside, of this test's own."""

    name: str = "shelf"
    silent: str = ""
    heads: list[OutsideHead] = field(default_factory=list)

    def keep(self, head):
        if self.silent:
            raise Unable(self.silent)
        self.heads.append(head)

    def newest(self, home):
        return next((one for one in reversed(self.heads) if one.home == home), None)

    def kept(self):
        if self.silent:
            raise Unable(self.silent)
        return self.heads


@pytest.fixture
def shelf(monkeypatch):
    shelf = Shelf()
    monkeypatch.setattr(registry, "head_stores", (shelf,))
    monkeypatch.setattr(registry, "home_id", "here")
    return shelf


def stores(at=NOW, actor=LENA):
    return list_head_stores(actor, wall=at)


# --- a chain that is not this one's ------------------------------------------------------


@pytest.mark.django_db
def test_a_place_that_keeps_another_chain_of_this_home_is_told_nothing_and_that_is_said(
    chain,  # noqa: F811 - the fixture
    shelf,
):
    assert audit_heads.export_head(wall=NOW) == 1
    mine = shelf.heads[-1]
    copy = replace(mine, hash="f" * 64, at=NOW + MINUTE)
    later_copy = replace(mine, seq=mine.seq + 7, at=NOW + MINUTE)
    for forked in (copy, later_copy):
        shelf.heads[:] = [mine, forked]
        assert audit_heads.export_head(wall=NOW + 2 * MINUTE) == 0
        assert shelf.heads == [mine, forked]
        row = HeadExport.objects.get()
        assert f"it keeps entry {forked.seq} of this home" in row.said
        assert row.failing_since is not None
    shelf.heads[:] = [mine, replace(copy, home="there"), replace(copy, home="")]
    assert audit_heads.export_head(wall=NOW + 3 * MINUTE) == 1
    row = HeadExport.objects.get()
    assert (row.said, row.failing_since) == ("", None)


@pytest.mark.django_db
def test_several_workers_of_one_home_tell_their_heads_in_turn(chain, shelf):  # noqa: F811 - the fixture
    for minute in range(3):
        assert audit_heads.export_head(wall=NOW + minute * MINUTE) == 1
    assert len(shelf.heads) == 3


# --- the engine ---------------------------------------------------------------------------


def links_of(words):
    """A chain of one entry a word."""
    made, before = [], GENESIS
    for number, word in enumerate(words, start=1):
        bare = Link(
            seq=number, at=NOW, actor="a", via="", verb=word, subject="s", reason="", detail="{}",
            previous=before, reach="|*|",
        )  # fmt: skip
        before = hash_of(bare)
        made.append(replace(bare, hash=before))
    return made


def disagreement(links, heads, home="here"):
    against = OutsideHeads(heads, home=home)
    verdict = verify_chain(against.watch(links))
    assert verdict.holds
    return against.disagreement(verdict.head)


def head_at(links, seq, home="here"):
    digest = links[seq - 1].hash if seq else GENESIS
    return OutsideHead(seq, digest, NOW + seq * MINUTE, home)


@given(
    before=st.lists(st.sampled_from("ab"), max_size=6),
    after=st.lists(st.sampled_from("ab"), max_size=6),
    told=st.lists(st.integers(0, 6), max_size=4),
)
def test_the_first_head_that_a_chain_does_not_have_is_named(before, after, told):
    old, new = links_of(before), links_of(after)
    heads = [head_at(old, seq) for seq in told if seq <= len(old)]
    # by the words alone: a head is had as long as all words up to it are the same
    lacking = [one.seq for one in heads if after[: one.seq] != before[: one.seq]]
    found = disagreement(new, heads)
    assert (found.seq if found else None) == min(lacking, default=None)


def test_heads_of_another_home_are_left_aside_unless_none_is_ours():
    ours, other = links_of("aaa"), links_of("bb")
    theirs = head_at(other, 2, "there")
    assert disagreement(ours, [head_at(ours, 2), theirs]) is None
    assert disagreement(ours, [theirs]).seq == 2


def test_a_head_is_spelled_and_read_alike_and_a_torn_line_is_passed_over():
    head = OutsideHead(7, "f" * 64, NOW, "here")
    line = spell_head(head)
    assert read_head_line(line) == head
    assert list(heads_of([line[:30], "", "[]", "{}", line, line])) == [head]
    for bad in (
        '{"seq":true}',
        line.replace("7", "-7", 1),
        line.replace("7", "1.5", 1),
        "x" * 9999,
    ):
        with pytest.raises(BadInput):
            read_head_line(bad)


# --- on the tables ------------------------------------------------------------------------

on_tables = pytest.mark.django_db


@on_tables
def test_the_head_is_told_outside_and_the_chain_held_against_it(cast, chain, shelf):  # noqa: F811
    assert audit_heads.export_head(wall=NOW) == 1
    assert [(one.seq, one.hash, one.home) for one in shelf.heads] == [
        (chain.seq, chain.hash, "here")
    ]
    found = audit_heads.verify_for(LENA, wall=NOW + 2 * MINUTE)
    assert (found.age_s, found.against, found.unread) == (120, 1, ())
    assert found.stores[0].is_well
    assert (
        found.stores[0].words == f"shelf has the head {chain.seq} of 2026-03-02 09:00 UTC, 2m old"
    )
    assert found.verdict.broken_at is None


@on_tables
def test_a_cut_chain_whose_own_head_was_cut_too_is_found(cast, chain, shelf):  # noqa: F811
    audit_heads.export_head(wall=NOW)
    cut = chain.seq - 2
    AuditEntry.objects.filter(seq__gt=cut).delete()
    AuditHead.objects.update(seq=cut, hash=AuditEntry.objects.get(seq=cut).hash)
    assert audit.verify().broken_at is None  # a bare chain cannot know
    verdict = audit_heads.verify_for(LENA, wall=NOW).verdict
    assert (verdict.holds, verdict.broken_at) == (False, chain.seq)
    assert f"ends at {cut}" in verdict.said


@on_tables
def test_a_chain_rewritten_whole_is_found_at_the_first_head(cast, chain, shelf, tmp_path):  # noqa: F811
    audit_heads.export_head(wall=NOW)
    file = tmp_path / "heads.jsonl"
    file.write_text("".join(f"{spell_head(one)}\n" for one in shelf.heads))
    rewrite(chain.seq - 1)
    shelf.heads.clear()
    assert audit_heads.verify_for(LENA, wall=NOW).verdict.broken_at is None
    heads = audit_heads.read_heads_file(file)
    verdict = audit_heads.verify_for(LENA, heads=heads, wall=NOW).verdict
    assert (verdict.holds, verdict.broken_at) == (False, chain.seq)


def rewrite(seq):
    """Change one entry and make every hash after it right again, the head's too."""
    AuditEntry.objects.filter(seq=seq).update(actor="person:nobody")
    before = AuditEntry.objects.get(seq=seq).previous
    for entry in AuditEntry.objects.filter(seq__gte=seq).order_by("seq"):
        columns = {one.name: getattr(entry, one.name) for one in AuditEntry._meta.fields}
        columns |= {"previous": before, "hash": ""}
        before = hash_of(Link(**columns))
        AuditEntry.objects.filter(seq=entry.seq).update(previous=columns["previous"], hash=before)
    AuditHead.objects.update(hash=before)


@on_tables
def test_a_place_that_fails_is_told_with_since_when_until_it_works(cast, shelf):
    audit_heads.export_head(wall=NOW)
    shelf.silent = "the disk is not mounted"
    for minutes in (5, 10):
        assert audit_heads.export_head(wall=NOW + minutes * MINUTE) == 0
    (row,) = stores(NOW + 11 * MINUTE)
    assert (row.failing_since, row.seq is None, row.is_well) == (NOW + 5 * MINUTE, False, False)
    assert row.age_s == 11 * 60
    assert "since 2026-03-02 09:05 UTC: the disk is not mounted" in row.words
    found = audit_heads.verify_for(LENA, wall=NOW)
    assert found.unread == ("shelf: the disk is not mounted",)
    shelf.silent = ""
    audit_heads.export_head(wall=NOW + 15 * MINUTE)
    (row,) = stores(NOW + 16 * MINUTE)
    assert (row.failing_since, row.said, row.is_well, row.age_s) == (None, "", True, 60)


@on_tables
def test_silence_of_the_worker_is_no_success(cast, shelf):
    (row,) = stores()
    assert (row.is_late, row.age_s, row.is_well) == (True, None, False)
    assert newest_age_s([row]) is None
    audit_heads.export_head(wall=NOW)
    assert stores(NOW + 15 * MINUTE)[0].is_well
    (late,) = stores(NOW + 15 * MINUTE + timedelta(seconds=1))
    assert (late.is_late, late.failing_since) == (True, None)
    assert "since 2026-03-02 09:00 UTC" in late.words


@on_tables
def test_a_place_that_is_set_no_more_is_forgotten_once_it_is_late(cast, shelf, monkeypatch):
    audit_heads.export_head(wall=NOW)
    monkeypatch.setattr(registry, "head_stores", ())
    audit_heads.export_head(wall=NOW + 10 * MINUTE)
    assert HeadExport.objects.count() == 1  # another worker may tell it
    audit_heads.export_head(wall=NOW + 16 * MINUTE)
    assert stores() == ()


@on_tables
def test_who_may_verify_nowhere_learns_of_no_place_and_no_notice(cast, shelf, monkeypatch):
    stranger = person("nobody")
    assert stores(actor=stranger) == ()
    with pytest.raises(NotFound):
        audit_heads.verify_for(stranger, wall=NOW)
    assert notices_of("nobody") == []
    assert notices_of("lena") == ["bad"]
    audit_heads.export_head(wall=registry.wall.now())
    assert notices_of("lena") == []


def notices_of(name):
    request = RequestFactory().get("/")
    request.user = User(name)
    return [one.state for one in loop_notices(request)]


@dataclass
class User:
    username: str

    def get_username(self):
        return self.username


def test_a_file_without_a_head_is_nothing_to_verify_against(tmp_path):
    empty = tmp_path / "heads.jsonl"
    empty.write_text("no head\n")
    for path in (empty, tmp_path / "absent"):
        with pytest.raises(audit_heads.HeadsUnread):
            audit_heads.read_heads_file(path)


def test_a_head_of_an_empty_chain_agrees_with_every_chain():
    head = OutsideHead(0, GENESIS, NOW, "here")
    assert OutsideHeads([head], home="here").disagreement(Head(0, GENESIS)) is None
    forged = OutsideHead(0, "e" * 64, NOW, "here")
    assert OutsideHeads([forged], home="here").disagreement(Head(3, "f" * 64)).seq == 0
