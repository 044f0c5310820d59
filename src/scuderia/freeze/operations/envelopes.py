"""Signs what others keep: a zone's report, a decision of the gate, each in a DSSE envelope."""

from dataclasses import asdict
from uuid import UUID

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import canonical_json
from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.engine.dsse import GATE_DECISION, ZONE_REPORT, seal
from scuderia.freeze.engine.zone_report import payload_of
from scuderia.freeze.operations.signing_keys import signing_key
from scuderia.freeze.queries.gate_decisions import get_decision, visible_decision
from scuderia.freeze.queries.zone_report import with_ids_as_text, zone_report
from scuderia.loop.engine.json_codec import plain
from scuderia.loop.ports import registry


def sealed_report(*, actor: Actor, zone_id: UUID, now: AwareDatetime) -> bytes:
    """Return the zone's report as this actor may have it, signed by the home's key.

    raises   NotFound: none of that id within the actor's reach; KeyUnreadable
    """
    told = {**zone_report(actor, zone_id, now).told(), "issuer": _issuer()}
    return seal(payload_of(told), signing_key(), payload_type=ZONE_REPORT)


def sealed_decision(*, actor: Actor, decision_id: UUID, now: AwareDatetime) -> bytes:
    """Return one decision that was kept, as this actor may read it, signed by the home's key.

    raises   NotFound: none of that id within the actor's reach; KeyUnreadable
    """
    row = get_decision(actor, now, decision_id)
    kept = visible_decision(actor, decision_id)
    touch = kept.touched.first()
    told = {
        **asdict(row, dict_factory=with_ids_as_text),
        "starts_at": touch.starts_at if touch else None,
        "ends_at": touch.ends_at if touch else None,
        "local_times": kept.local_times,
        "root": kept.root,
        "issuer": _issuer(),
    }
    payload = canonical_json(plain(told)).encode()
    return seal(payload, signing_key(), payload_type=GATE_DECISION)


def _issuer() -> str:
    return f"scuderia:{registry.home_id}"
