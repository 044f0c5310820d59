"""What labelling nodes and hanging them on shared parts have in common: all of them or none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject, JsonValue
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.operations.descriptions import NAMES_AUDITED, lock_named, may_describe
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.loop.operations import audit

MarksT = TypeVar("MarksT")


@dataclass(frozen=True, slots=True)
class NodesMarked:
    """How many nodes bear other labels, or hang on other parts, than before; how many the same."""

    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Marking:
    """Who marks nodes, when and how: `verb` and `changes` as the audit tells them."""

    verb: str
    changes: JsonObject
    actor: Actor
    now: AwareDatetime
    dry_run: bool


def may_mark(actor: Actor, nodes: Sequence[str]) -> dict[str, int]:
    """Return the rows' ids of the nodes, held until the transaction ends, by name.

    raises   NotAuthorised, NotFound, UnknownSubject
    """
    may_describe(actor)
    lock_named(Node.objects, nodes)
    ids = dict(Node.objects.filter(name__among=nodes).values_list("name", "pk"))
    for node in nodes:
        if node not in ids:
            raise UnknownSubject(f"no node is named {node!r}")
    return ids


def keep_marks(
    ids: Mapping[str, int],
    held: Mapping[str, MarksT],
    wanted: Mapping[str, MarksT],
    keep: Callable[[Mapping[int, MarksT]], None],
    told: Callable[[MarksT], JsonValue],
    by: Marking,
) -> NodesMarked:
    """Write what is otherwise than it was, audited, in the caller's transaction.

    held, wanted   of every node, by name
    """
    changed = [node for node in wanted if wanted[node] != held[node]]
    if changed and not by.dry_run:
        keep({ids[node]: wanted[node] for node in changed})
        audit.record(
            by.actor,
            f"fleet.nodes.{by.verb}",
            subject=EVERYTHING,
            at=by.now,
            detail={
                "count": len(changed),
                "nodes": list(changed[:NAMES_AUDITED]),
                "changes": by.changes,
                "before": [told(held[node]) for node in changed[:NAMES_AUDITED]],
            },
        )
    return NodesMarked(len(changed), len(wanted) - len(changed))
