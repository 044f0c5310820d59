"""Asks the gate for many updates at once: one signed answer, one kept decision."""

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import EVERYTHING
from scuderia.freeze.engine.batch_answer import answer_targets, read_targets
from scuderia.freeze.engine.gate import Circumstances
from scuderia.freeze.operations.gate_decisions import keep
from scuderia.freeze.operations.signing_keys import signing_key
from scuderia.freeze.queries.zone_index import compiled_zones
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access
from scuderia.loop.ports import registry

BATCH_BYTES_MAX = 24 * 2**20


class BatchTooLarge(BadInput):
    """The question is longer than the gate reads."""

    code = "FREEZE-016"
    remedy = f"Send at most {BATCH_BYTES_MAX // 2**20} MiB; split what is longer."


def ask_gate_batch(*, actor: Actor, text: bytes, now: AwareDatetime) -> bytes:
    """Judge every target, and return the signed answer as JSON; see `answer_batch`.

    raises   NotFound, NotAuthorised: it tells of every zone, so it asks for reading everything
             BatchTooLarge, BadBatch, BadUpdate
    """
    access.require(actor, Power.READ, frozenset({EVERYTHING}))
    if len(text) > BATCH_BYTES_MAX:
        raise BatchTooLarge(f"the question is longer than {BATCH_BYTES_MAX:,} bytes")
    targets = read_targets(text)
    zones = compiled_zones(now, targets.nodes)
    at = Circumstances(int(now.timestamp()))
    issuer = f"scuderia:{registry.home_id}"
    answer, batch = answer_targets(zones.index, targets, at, signing_key(), issuer=issuer)
    keep(
        actor,
        zones,
        at=now,
        update={"targets": len(batch.allowed), "refused": len(batch.refused)},
        allowed=not batch.refused,
        not_before=None,
        root=batch.root.hex(),
    )
    return answer
