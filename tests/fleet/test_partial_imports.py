"""What a file or a person says of the GPUs that an outage takes is booked, or refused."""

import pytest

from scuderia.fleet.engine.gpu_words import SEVERITY_WORDS, severity_of, share_of
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.nouns import GpuShare, Severity
from scuderia.fleet.operations.amendments import (
    BadAmendment,
    NothingAmended,
    OutageChanges,
    amend_outage,
    share_said,
)
from scuderia.fleet.queries.amendments import list_amendments
from scuderia.intake.pipeline import RecordRefused
from scuderia.intake.records import Flaw
from tests.fleet.test_outage_imports import LENA, NOW, bring, said

__all__ = ["bring"]
pytestmark = pytest.mark.django_db
HEAD = "node,start,end,cause,gpus_lost,gpu_indices,severity\n"
SPAN = "g1,2026-07-01T00:00:00Z,2026-07-03T00:00:00Z,xid 79"


def booked():
    columns = ("gpus_lost", "gpu_indices", "severity")
    return list(Outage.objects.order_by("start", "gpu_indices").values_list(*columns))


@pytest.mark.parametrize(
    ("cells", "stands"),
    [
        ("1,,", (1, "", "")),
        (',"0,3",', (2, "0,3", "")),
        (",GPU 3; gpu0,degraded", (2, "0,3", "degraded")),
        (",4-6,", (3, "4,5,6", "")),
        ("2,3|1,", (2, "1,3", "")),
        (",,Partial Outage", (None, "", "degraded")),
        (",,OUT_OF_SERVICE", (None, "", "down")),
        (",,wobbly", (None, "", "")),
        ("1,,down", (1, "", "down")),
        (",,", (None, "", "")),
    ],
)
def test_a_row_says_how_much_of_its_node_is_lost(bring, cells, stands):
    bring(f"{HEAD}{SPAN},{cells}\n")
    assert booked() == [stands]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("9,,", ["gpus_lost", "g1 has 8 GPUs, not 9", "Give at most 8"]),
        (",8,", ["gpu_indices", "g1 has no GPU 8: its GPUs are 0 to 7"]),
        ("0,,", ["gpus_lost", "one GPU at least", "whole node"]),
        ("3,1|2,", ["gpus_lost", "it says 3, and gpu_indices names 2"]),
        (",left,", ["gpu_indices", "'left' names no GPU", "0,3 or 0-3"]),
        (",5-2,", ["gpu_indices", "names no GPU"]),
        (",0-9999,", ["gpu_indices", "names no GPU"]),
        ("1.5,,", ["gpus_lost", "no whole number"]),
    ],
)
def test_a_share_that_cannot_be_is_refused_by_file_record_and_field(bring, cells, words):
    with pytest.raises(RecordRefused) as refused:
        bring(f"{HEAD}{SPAN},{cells}\n", name="bad.csv")
    told = f"{refused.value.message} {refused.value.remedy}"
    assert all(word in told for word in ["bad.csv", "record 2", *words]), told
    assert booked() == []


def test_degraded_without_gpus_takes_what_the_importer_said_it_takes(bring):
    done = bring(f"{HEAD}{SPAN},,,degraded\n", degraded_gpus=1)
    assert booked() == [(1, "", "degraded")]
    assert done.odd == ()


def test_degraded_without_gpus_is_told_to_take_the_whole_node(bring):
    done = bring(f"{HEAD}{SPAN},,,degraded\n")
    (told,) = done.odd
    assert told.startswith("1 called degraded give no GPUs, so each takes its whole node")
    assert booked() == [(None, "", "degraded")]


def test_two_gpus_of_a_node_may_fail_in_one_second_and_are_known_again(bring):
    two = f"{HEAD}{SPAN},,0,\n{SPAN},,3,\n"
    assert said(bring(two)) == (2, 0, 0, 0, 0)
    assert booked() == [(1, "0", ""), (1, "3", "")]
    swapped = f"{HEAD}{SPAN},,3,\n{SPAN},,0,\n"
    assert said(bring(swapped)) == (0, 0, 2, 0, 0)


def test_a_share_learnt_later_amends_and_silence_changes_nothing(bring):
    bring(f"{HEAD}{SPAN},,,\n")
    done = bring(f"{HEAD}{SPAN},,0,degraded\n")
    assert said(done) == (0, 1, 0, 0, 0)
    changes = {(c.field, c.before, c.after) for c in done.changes}
    assert changes == {
        ("gpus_lost", "the whole node", "1 GPU: 0"),
        ("severity", "", "degraded"),
    }
    assert said(bring(f"{HEAD}{SPAN},,,\n")) == (0, 0, 1, 0, 0)
    assert booked() == [(1, "0", "degraded")]
    bring(f"{HEAD}{SPAN},,,down\n")  # says itself that the whole node is out
    assert booked() == [(None, "", "down")]


def amend(**changes):
    key = Outage.objects.get().source_key
    amend_outage(
        actor=LENA, source_key=key, changes=OutageChanges(**changes), reason="seen", now=NOW
    )


def test_a_person_corrects_the_share_and_it_stays(bring):
    bring(f"{HEAD}{SPAN},,,\n")
    amend(gpus_lost=GpuShare(2, (0, 3)), severity=Severity.DEGRADED)
    assert booked() == [(2, "0,3", "degraded")]
    (row,) = list_amendments(LENA, "g1")
    assert "gpus_lost: the whole node is now 2 GPUs: 0, 3" in row.words
    assert said(bring(f"{HEAD}{SPAN},1,,\n"))[3] == 1
    assert booked() == [(2, "0,3", "degraded")]
    with pytest.raises(NothingAmended):
        amend(gpus_lost=GpuShare(2, (0, 3)))
    amend(gpus_lost=share_said("all", ""))
    assert booked() == [(None, "", "degraded")]


@pytest.mark.parametrize("share", [GpuShare(9), GpuShare(1, (8,))])
def test_no_more_gpus_than_the_node_has_can_be_amended(bring, share):
    bring(f"{HEAD}{SPAN},,,\n")
    with pytest.raises(BadAmendment, match="g1 has"):
        amend(gpus_lost=share)


def test_what_a_person_says_of_gpus_is_read_or_refused():
    assert share_said("", "") is None
    assert share_said(" All ", "") == GpuShare()
    assert share_said("2", "0,3") == GpuShare(2, (0, 3))
    for count, indices in [("two", ""), ("0", ""), ("1", "0,3"), ("all", "0"), ("-1", "")]:
        with pytest.raises(BadAmendment):
            share_said(count, indices)


def test_the_words_for_severity_are_a_table_and_others_are_not_known():
    assert severity_of("Out-of-Service") is Severity.DOWN
    assert severity_of("DEGRADED!") is Severity.DEGRADED
    assert {severity_of(word) for word in ("", "critical", "major", "sev2")} == {Severity.UNKNOWN}
    assert all(word.isalnum() and word == word.lower() for word in SEVERITY_WORDS)


def test_the_last_gpu_of_the_largest_node_can_be_named():
    assert share_of(None, "1023") == GpuShare(1, (1023,))
    with pytest.raises(Flaw):
        share_of(None, "1024")
