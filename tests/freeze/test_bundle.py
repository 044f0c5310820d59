"""The offline bundle: believed whole or not at all, never an older one, never past its time."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from scuderia.basics.canonical import canonical_json, sha256_of
from scuderia.freeze.commands import bundle as command
from scuderia.freeze.engine.bundle import BadBundle, Bundle, RolledBack, open_bundle, seal_bundle
from scuderia.freeze.engine.gate import Circumstances, decide
from scuderia.freeze.engine.signatures import BadSignature, key_id, signed
from scuderia.freeze.engine.zone_index import compile_zones
from scuderia.freeze.nouns import AskedUpdate, Ground, UpdateClass, ZoneCover
from scuderia.freeze.operations.bundle import UnreadableState, UnwritableState, accept_bundle
from scuderia.freeze.queries.bundle import BadKey, UpdateAsked, ask_bundle, read_keys
from tests.examples import examples

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEYS = {key_id(KEY.public_key()): KEY.public_key()}
NODES = ("n0", "n1", "n2", "n3")
DAY = 86_400
ISSUED = 1_785_000_000
FIRMWARE = frozenset({UpdateClass.FIRMWARE})
ZONE = ZoneCover("z", frozenset({"n0", "n1", "n3"}), FIRMWARE, ((ISSUED, ISSUED + DAY),))


def bundle(sequence: int = 7, *, zones: tuple[ZoneCover, ...] = (ZONE,)) -> Bundle:
    return Bundle(sequence, ISSUED, ISSUED + 3 * DAY, NODES, zones)


def sealed(sequence: int = 7, *, key: Ed25519PrivateKey = KEY) -> bytes:
    return seal_bundle(bundle(sequence), key)


def pem(key: Ed25519PrivateKey = KEY) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def resealed(told: dict[str, object], **claimed: int) -> bytes:
    """Whatever it says, signed as an issuer would that had gone wrong."""
    claims = {
        "exp": told["expires"],
        "iat": told["issued"],
        "sequence": told["sequence"],
        "sha256": sha256_of(told),
        **claimed,
    }
    token = signed(claims, KEY, kind="freeze-bundle+jws")
    return canonical_json({"bundle": told, "signature": token}).encode() + b"\n"


zones = st.lists(
    st.builds(
        ZoneCover,
        st.text(min_size=1, max_size=4),
        st.frozensets(st.sampled_from(NODES)),
        st.frozensets(st.sampled_from(list(UpdateClass)), max_size=3),
        st.lists(
            st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda p: (p[0], p[0] + p[1])),
            max_size=3,
        ).map(tuple),
    ),
    max_size=4,
    unique_by=lambda zone: zone.zone,
).map(tuple)


@given(zones, st.sampled_from(NODES), st.sampled_from(list(UpdateClass)), st.integers(0, 80))
@examples(100)
def test_a_bundle_comes_back_as_it_was_and_decides_as_the_gate_does(covers, node, kind, start):
    found, _ = open_bundle(seal_bundle(bundle(zones=covers), KEY), KEYS)
    assert found == bundle(zones=covers)
    update = AskedUpdate((node,), kind.value, start, 5)
    here = decide(found.compiled(), update, found.circumstances(ISSUED))
    assert here == decide(compile_zones(covers, NODES), update, Circumstances(now=ISSUED))


def test_no_byte_can_be_changed_added_or_left_out():
    raw = sealed()
    believed = 0
    for at in range(len(raw)):
        for changed in (
            raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :],
            raw[:at] + bytes([raw[at] ^ 32]) + raw[at + 1 :],
            raw[:at] + raw[at + 1 :],
            raw[:at] + b" " + raw[at:],
            raw[:at],
        ):
            try:
                open_bundle(changed, KEYS)
                believed += 1
            except (BadBundle, BadSignature):
                pass
    assert believed == 0
    assert open_bundle(raw, KEYS)[0] == bundle()


def test_only_a_pinned_key_is_believed():
    stranger = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    with pytest.raises(BadSignature):
        open_bundle(sealed(key=stranger), KEYS)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"null", b"[" * 100_000, b'{"bundle":3,"si',
                                 b'{"bundle":{},"signature":null}\n', b"\xff"])  # fmt: skip
def test_what_is_no_bundle_is_refused(raw):
    with pytest.raises(BadBundle):
        open_bundle(raw, KEYS)


@pytest.mark.parametrize(
    "change",
    [{"format": "scuderia-freeze-bundle/2"}, {"more": 1}, {"sequence": True}, {"sequence": -1},
     {"expires": ISSUED}, {"issued": 1.5}, {"nodes": ["n1", "n0"]}, {"nodes": ["n0", "n0"]},
     {"zones": [{}]}, {"zones": {}}, {"zones": [3]}, {"nodes": "n0"}],
)  # fmt: skip
def test_a_signed_bundle_that_means_nothing_is_refused(change):
    told = json.loads(sealed())["bundle"]
    assert open_bundle(resealed(told), KEYS)[0] == bundle()
    with pytest.raises(BadBundle):
        open_bundle(resealed(told | change), KEYS)


@pytest.mark.parametrize(
    "change",
    [{"nodes": [0]}, {"nodes": [0, 5]}, {"nodes": [0, 0]}, {"classes": ["paint"]},
     {"intervals": [[5, 5]]}, {"intervals": [[5]]}, {"zone": ""}, {"until": 3}],
)  # fmt: skip
def test_a_zone_that_means_nothing_is_refused(change):
    told = json.loads(sealed())["bundle"]
    told["zones"][0] |= change
    with pytest.raises(BadBundle):
        open_bundle(resealed(told), KEYS)


def test_a_signature_over_another_bundle_is_refused():
    one, other = json.loads(sealed(7)), json.loads(sealed(8))
    mixed = {"bundle": one["bundle"], "signature": other["signature"]}
    raw = canonical_json(mixed).encode() + b"\n"
    with pytest.raises(BadBundle, match="what was signed is another bundle"):
        open_bundle(raw, KEYS)


@pytest.mark.parametrize("claim", ["exp", "iat", "sequence"])
def test_a_signature_that_tells_another_age_is_refused(claim):
    told = json.loads(sealed())["bundle"]
    with pytest.raises(BadBundle, match="another age"):
        open_bundle(resealed(told, **{claim: 1}), KEYS)


def asked(node: str, now: int, *, start: int = ISSUED + 2 * DAY) -> Ground:
    found = bundle()
    update = AskedUpdate((node,), "firmware", start, 60)
    return decide(found.compiled(), update, found.circumstances(now)).ground


def test_an_expired_bundle_refuses_what_it_ever_froze_and_nothing_else():
    last = ISSUED + 3 * DAY
    assert asked("n0", last - 60) is Ground.CLEAR
    assert asked("n0", last) is Ground.CLEAR
    assert asked("n0", last + 1) is Ground.STALE_ZONES
    assert asked("n2", last + 1) is Ground.CLEAR
    assert asked("n0", ISSUED, start=last - 59) is Ground.STALE_ZONES


def test_a_clock_far_behind_the_issuers_is_not_believed_for_what_is_frozen():
    assert asked("n0", ISSUED - 300) is Ground.CLEAR
    assert asked("n0", ISSUED - 301) is Ground.BAD_CLOCK
    assert asked("n2", ISSUED - 301) is Ground.CLEAR


def test_an_older_bundle_is_refused_once_a_newer_one_was_seen(tmp_path):
    state = tmp_path / "zones.seen"
    for sequence in (7, 7, 9):
        accept_bundle(sealed(sequence), KEYS, state=state)
    with pytest.raises(RolledBack, match="bundle 8 after bundle 9"):
        accept_bundle(sealed(8), KEYS, state=state)
    other = seal_bundle(bundle(9, zones=()), KEY)
    with pytest.raises(RolledBack, match="another bundle 9"):
        accept_bundle(other, KEYS, state=state)
    assert json.loads(state.read_text())["sequence"] == 9
    assert [path.name for path in tmp_path.iterdir()] == ["zones.seen"]


def test_a_bundle_that_is_refused_is_not_remembered(tmp_path):
    state = tmp_path / "zones.seen"
    with pytest.raises(BadBundle):
        accept_bundle(sealed()[:-1], KEYS, state=state)
    assert not state.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"sequence": "9", "sha256": "a"}'])
def test_a_damaged_memory_of_what_was_seen_refuses_every_bundle(tmp_path, text):
    state = tmp_path / "zones.seen"
    state.write_text(text)
    with pytest.raises(UnreadableState):
        accept_bundle(sealed(), KEYS, state=state)


def test_a_bundle_is_not_believed_where_it_cannot_be_remembered(tmp_path):
    with pytest.raises(UnwritableState):
        accept_bundle(sealed(), KEYS, state=tmp_path / "gone" / "zones.seen")
    (tmp_path / "zones.seen.new").mkdir()
    with pytest.raises(UnwritableState):
        accept_bundle(sealed(), KEYS, state=tmp_path / "zones.seen")


def test_keys_are_read_from_pem_and_from_json_web_keys():
    x = base64.urlsafe_b64encode(KEY.public_key().public_bytes_raw()).rstrip(b"=").decode()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": x}
    for raw in (pem(), json.dumps(jwk).encode(), json.dumps({"keys": [jwk]}).encode()):
        assert list(read_keys(raw)) == list(KEYS)


@pytest.mark.parametrize("raw", [
    b"", b"{}", b'{"keys": []}', b'{"keys": [3]}', b"-----BEGIN PUBLIC KEY-----\nAAAA",
    b'{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}', b'{"kty": "RSA", "x": "AAAA"}',
    X25519PrivateKey.from_private_bytes(b"x" * 32).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
])  # fmt: skip
def test_what_is_no_key_of_ed25519_is_refused(raw):
    with pytest.raises(BadKey):
        read_keys(raw)


class _Clock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(ISSUED + 60, UTC)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(command, "SystemClock", _Clock)
    (tmp_path / "zones.json").write_bytes(sealed())
    (tmp_path / "gate.pem").write_bytes(pem())
    return ["verify", str(tmp_path / "zones.json"), "--key", str(tmp_path / "gate.pem")]


def test_the_command_verifies_and_asks_by_exit_code(files):
    run = CliRunner().invoke
    whole = run(command.app, [*files, "--json"])
    assert whole.exit_code == 0
    assert json.loads(whole.stdout)["bundle"]["sequence"] == 7
    when = f"{datetime.fromtimestamp(ISSUED + 3_600, UTC).isoformat()}"
    ask = ["--ask", "--update-class", "firmware", "--start", when, "--duration", "45m"]
    refused = run(command.app, [*files, *ask, "--node", "n0", "--json"])
    told = json.loads(refused.stdout)
    assert (refused.exit_code, told["allowed"], told["ground"]) == (3, False, "zone")
    assert told["reasons"][0]["zone"] == "z"
    assert told["not_before"] == f"{datetime.fromtimestamp(ISSUED + DAY, UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert run(command.app, [*files, *ask, "--node", "n2"]).exit_code == 0
    assert "refused: zone" in run(command.app, [*files, *ask, "--node", "n0"]).stdout


def test_the_command_says_by_exit_code_that_a_bundle_has_expired(files, monkeypatch):
    monkeypatch.setattr(_Clock, "now", lambda _: datetime.fromtimestamp(ISSUED + 4 * DAY, UTC))
    late = CliRunner().invoke(command.app, files)
    assert (late.exit_code, "EXPIRED" in late.stdout) == (3, True)


def test_an_update_from_a_bundle_is_its_whole_interval(tmp_path):
    checked = accept_bundle(sealed(), KEYS, state=tmp_path / "seen")
    now = datetime.fromtimestamp(ISSUED - 200, UTC)
    start = datetime.fromtimestamp(ISSUED - 100, UTC).isoformat()
    for lengths, allowed in (
        ({"duration": "100s"}, True),
        ({"duration": "101s"}, False),
        ({"duration": "60s", "bake": "40.5s"}, False),
        ({"duration": "60s", "rollback": "41s"}, False),
    ):
        question = UpdateAsked(nodes=("n0",), update_class="firmware", start=start, **lengths)
        assert ask_bundle(checked, question, now).allowed is allowed
