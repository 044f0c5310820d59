"""Many at once: the same answers, one signature, a proof for each, and nothing that bends them."""

import gc
import json
from contextlib import suppress
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.merkle import inclusion_proof, is_included, root_of
from scuderia.freeze.engine.batch import Targets, decide_batch, leaf_of
from scuderia.freeze.engine.batch_answer import KIND, BadBatch, answer_batch, read_targets
from scuderia.freeze.engine.gate import BadUpdate, Circumstances, decide
from scuderia.freeze.engine.signatures import BadSignature, claims_of, key_id, signed
from scuderia.freeze.engine.zone_index import compile_zones
from tests.examples import examples
from tests.freeze.test_gate import NODES, zone, zones

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEYS = {key_id(KEY.public_key()): KEY.public_key()}
LIVE = Circumstances(now=0)

targets = st.lists(
    st.tuples(
        st.sampled_from([*NODES, "ghost"]),
        st.sampled_from(["firmware", "driver", "Host-OS", "power", "hypnosis"]),
        st.integers(0, 80),
        st.integers(1, 25),
    ),
    min_size=1,
    max_size=15,
)
circumstances = st.sampled_from(
    [
        LIVE,
        Circumstances(now=30),
        Circumstances(now=5, zones_until=40),
        Circumstances(now=5, clock_is_good=False),
        Circumstances(now=5, opened_by="b1"),
    ]
)


@given(zones, targets, circumstances)
@examples(200)
def test_a_batch_answers_as_each_alone(covers, rows, at):
    covers = [
        zone(f"z{number}", one.nodes, one.classes, one.intervals)
        for number, one in enumerate(covers)
    ]
    index = compile_zones(covers, NODES)
    nodes, classes, starts, lengths = zip(*rows, strict=True)
    ends = [start + length for start, length in zip(starts, lengths, strict=True)]
    asked = Targets(nodes, classes, starts, ends)
    batch = decide_batch(index, asked, at)
    alone = [decide(index, asked.update(place), at) for place in range(len(rows))]
    assert list(batch.allowed) == [one.allowed for one in alone]
    assert list(batch.refused) == [place for place, one in enumerate(alone) if not one.allowed]
    refused = [one for one in alone if not one.allowed]
    named = [sorted({index.zones[number].zone for number in held}) for held in batch.objections]
    assert named == [sorted({one.zone for one in verdict.objections}) for verdict in refused]
    assert list(batch.not_before) == [one.not_before for one in refused]


@given(st.integers(1, 40))
def test_each_leaf_is_proven_and_no_other(size):
    leaves = [sha256(bytes([at])).digest() for at in range(size)]
    root = root_of(leaves)
    for at, leaf in enumerate(leaves):
        proof = inclusion_proof(leaves, at)
        assert is_included(leaf, at, size, proof, root)
        assert not is_included(leaf, at + 1, size, proof, root)
        assert not is_included(sha256(b"x").digest(), at, size, proof, root)
        assert not is_included(leaf, at, size, (*proof, root), root)
        if proof:
            assert not is_included(leaf, at, size, proof[:-1], root)


def test_the_tree_is_that_of_the_standard():
    """RFC 6962, 2.1: three leaves hash as ((0, 1), 2)."""
    one, two, three = (sha256(b"\x00" + text).digest() for text in (b"a", b"b", b"c"))
    pair = sha256(b"\x01" + one + two).digest()
    assert root_of([one, two, three]) == sha256(b"\x01" + pair + three).digest()
    assert root_of([]) == sha256(b"").digest()


def question(rows: list[dict[str, object]]) -> bytes:
    return json.dumps({"targets": rows}).encode()


ROWS = [
    {"node": "n0", "update_class": "firmware", "start": 900, "end": 1_100},
    {"node": "n9", "update_class": "firmware", "start": 900, "end": 1_100},
    {"node": "n1", "update_class": "driver", "start": 900, "end": 1_100},
]


def test_one_token_signs_every_decision_of_an_answer():
    index = compile_zones([zone()], NODES)
    answer = json.loads(answer_batch(index, question(ROWS), LIVE, KEY, issuer="here"))
    assert answer["allowed"] == [False, True, True]
    assert (answer["refused"], answer["objections"], answer["not_before"]) == ([0], [[0]], [2_000])
    assert answer["zones"] == ["z1"]
    claims = claims_of(answer["token"], KEYS, kind=KIND)
    assert (claims["iss"], claims["size"], claims["refused"]) == ("here", 3, 1)
    leaves = [
        leaf_of(row["node"], row["update_class"], row["start"], row["end"], allowed=allowed)
        for row, allowed in zip(ROWS, answer["allowed"], strict=True)
    ]
    root = bytes.fromhex(claims["root"])
    assert is_included(leaves[1], 1, 3, inclusion_proof(leaves, 1), root)
    turned = leaf_of("n0", "firmware", 900, 1_100, allowed=True)
    assert not is_included(turned, 0, 3, inclusion_proof(leaves, 0), root)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "cannot be read"),
        (b"[]", "cannot be read"),
        (b'{"targets": 3}', "cannot be read"),
        (question([{"node": "n0"}]), "update_class"),
        (question([ROWS[0] | {"node": 7}]), "target 0: node"),
        (question([ROWS[0], 3]), "target 1"),
        (b'{"targets": [{"node": "\xff"}]}', "cannot be read"),
        (b'{"targets": ' + b"[" * 100_000, "cannot be read|target 0"),
        (question([ROWS[0] | {"start": "2026-07-24T00:00:00"}]), "start is no instant"),
        (question([ROWS[0], ROWS[1] | {"end": None}]), "target 1: end is no instant"),
        (question([ROWS[0] | {"start": True}]), "start is no instant"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused_by_its_field(text, told):
    with pytest.raises(BadBatch, match=told):
        read_targets(text)


def test_instants_may_be_written_with_an_offset():
    read = read_targets(question([ROWS[0] | {"start": "1970-01-01T01:00:00+01:00"}]))
    assert (read.starts[0], read.ends[0]) == (0, 1_100)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (ROWS[0] | {"end": 900}, "target 1 .n0."),
        (ROWS[0] | {"end": 10**30}, "out of reach"),
        (ROWS[0] | {"end": 10**12}, "target 1"),
        (ROWS[0] | {"node": "n0\tfirmware"}, "control character"),
    ],
)
def test_a_target_that_is_no_update_is_refused_by_its_place(row, told):
    index = compile_zones([zone()], NODES)
    with pytest.raises(BadUpdate, match=told):
        decide_batch(index, read_targets(question([ROWS[1], row])), LIVE)


def test_a_token_holds_only_as_it_was_signed():
    token = signed({"a": 1}, KEY, kind="one")
    assert claims_of(token, KEYS, kind="one") == {"a": 1}
    header, claims, signature = token.split(".")
    other = signed({"a": 2}, KEY, kind="one").split(".")[1]
    stranger = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    for wrong in (
        f"{header}.{other}.{signature}",
        f"{header}.{claims}.",
        f"{header}.{claims}.{signature}=",
        f"{header}.{claims}",
        signed({"a": 1}, stranger, kind="one"),
        signed({"a": 1}, KEY, kind="two"),
        token.replace(header, "eyJhbGciOiJub25lIn0"),
        "x" * 2_000_000,
        "..",
        "\u00e9.\u00e9.\u00e9",
    ):
        with pytest.raises(BadSignature):
            claims_of(wrong, KEYS, kind="one")


def test_the_collector_is_put_off_only_while_a_question_is_read():
    assert gc.isenabled()
    for text in (question(ROWS), b"[]"):
        with suppress(BadBatch):
            read_targets(text)
        assert gc.isenabled()
