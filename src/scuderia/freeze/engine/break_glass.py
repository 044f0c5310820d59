"""Break-glass: what one key opens, and for how long. Pure: no clock, no database."""

from collections.abc import Collection, Mapping

from scuderia.basics.canonical import sha256_of
from scuderia.basics.errors import BadInput
from scuderia.freeze.engine.breaches import Changed
from scuderia.freeze.engine.gate import check_update, class_of
from scuderia.freeze.nouns import AskedUpdate, GlassAsked, UpdateClass

KIND = "freeze-break-glass+jws"
MINUTES_MIN = 5
MINUTES_MAX = 240
NODES_MAX = 1_000
WORDS_MAX = 200
APART_S = 300
"""How long before an update the last look at the old version may lie."""


class BadBreakGlass(BadInput):
    """What is to be let through has no reason, no ticket, or does not fit into the time asked."""

    code = "FREEZE-060"
    remedy = f"Say why, which ticket, and at most {MINUTES_MAX // 60} hours that hold all of it."


def refuse_bad_glass(asked: GlassAsked, now: int) -> None:
    """Return if there are words, and the whole update lies between now and the glass's end.

    raises   BadBreakGlass, BadUpdate
    """
    update = asked.update
    check_update(update)
    if not asked.reason.strip() or not asked.ticket.strip():
        raise BadBreakGlass("it names no reason, or no ticket")
    if len(asked.ticket) > WORDS_MAX:
        raise BadBreakGlass(f"the ticket has more than {WORDS_MAX} characters", field="ticket")
    if not MINUTES_MIN <= asked.minutes <= MINUTES_MAX:
        raise BadBreakGlass(f"it is for {MINUTES_MIN} to {MINUTES_MAX} minutes", field="minutes")
    if len(update.nodes) > NODES_MAX:
        raise BadBreakGlass(f"it names more than {NODES_MAX:,} nodes", field="nodes")
    if update.start < now:
        raise BadBreakGlass("the update starts in the past", field="start")
    if update.end > now + asked.minutes * 60:
        raise BadBreakGlass(
            f"the update, its bake and its rollback end after {asked.minutes} minutes from now",
            field="minutes",
        )


def digest_of(update: AskedUpdate) -> str:
    """Return what names exactly this update: its nodes, its class and its whole interval."""
    kind = class_of(update.update_class)
    return sha256_of(
        {
            "nodes": sorted(set(update.nodes)),
            "class": update.update_class if kind is None else kind.value,
            "start": update.start,
            "end": update.end,
        }
    )


def opens(
    claims: Mapping[str, object], update: AskedUpdate, objecting: Collection[str], now: int
) -> bool:
    """Say whether a key that two people signed for lets this update through these zones now.

    claims      of its token, once the signature is seen to hold
    objecting   the zones that refuse the update; one that the key does not name keeps it shut
    """
    zones, start, end = claims.get("zones"), claims.get("nbf"), claims.get("exp")
    asked_by, approved_by = claims.get("asked_by"), claims.get("approved_by")
    return (
        claims.get("update") == digest_of(update)
        and isinstance(zones, list)
        and bool(objecting)
        and set(objecting) <= set(zones)
        and isinstance(start, int)
        and isinstance(end, int)
        and start <= now < end
        and update.end <= end
        and _is_person(asked_by)
        and _is_person(approved_by)
        and asked_by != approved_by
    )


def lets_change(
    update: AskedUpdate, used: int, change: Changed, node: str, stops: Collection[UpdateClass]
) -> bool:
    """Say whether a change of a machine was let through by a key for this update, used at `used`.

    It was seen new inside the update's interval, and old no longer before it than a machine goes
    unseen as a rule; what was seen new after it is nobody's leave, however late the look.

    stops   the classes of updates that change this of a machine
    """
    return (
        node in update.nodes
        and class_of(update.update_class) in stops
        and max(used, update.start) - APART_S <= change.last_seen
        and max(used, update.start) < change.seen < update.end
    )


def _is_person(name: object) -> bool:
    return isinstance(name, str) and name.startswith("person:")
