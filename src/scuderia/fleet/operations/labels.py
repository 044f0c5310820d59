"""Labels nodes, and takes labels away; all of the nodes or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.engine.labels import BadLabel, changed_labels, read_changes
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.labels import NodeLabel
from scuderia.fleet.operations.descriptions import NAMES_AUDITED, lock_named, may_describe
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.fleet.queries.labels import labels_of
from scuderia.loop.operations import audit
from scuderia.loop.operations.bulk_writes import insert_rows

__all__ = ["NodesLabelled", "keep_labels", "label_nodes", "read_changes"]


@dataclass(frozen=True, slots=True)
class NodesLabelled:
    """How many nodes bear other labels than before, and how many the same."""

    changed: int
    unchanged: int


@transaction.atomic
def label_nodes(
    *,
    actor: Actor,
    nodes: Sequence[str],
    changes: Mapping[str, str | None],
    now: AwareDatetime,
    dry_run: bool = False,
) -> NodesLabelled:
    """Have each of the nodes bear these labels too; None takes the key away.

    raises   NotAuthorised, NotFound, UnknownSubject, BadLabel
    """
    may_describe(actor)
    if not changes:
        raise BadLabel("no label is named")
    lock_named(Node.objects, nodes)
    ids = dict(Node.objects.filter(name__among=nodes).values_list("name", "pk"))
    for node in nodes:
        if node not in ids:
            raise UnknownSubject(f"no node is named {node!r}")
    held = labels_of(nodes)
    wanted = {node: changed_labels(held.get(node, {}), changes) for node in nodes}
    changed = [node for node in wanted if wanted[node] != held.get(node, {})]
    if changed and not dry_run:
        keep_labels({ids[node]: wanted[node] for node in changed})
        audit.record(
            actor,
            "fleet.nodes.labelled",
            subject=EVERYTHING,
            at=now,
            detail={
                "count": len(changed),
                "nodes": list(changed[:NAMES_AUDITED]),
                "changes": dict(changes),
                "before": [held.get(node, {}) for node in changed[:NAMES_AUDITED]],
            },
        )
    return NodesLabelled(len(changed), len(wanted) - len(changed))


def keep_labels(labels: Mapping[int, Mapping[str, str]]) -> None:
    """Have each node, by its row's id, bear these labels and no others, in the transaction."""
    NodeLabel.objects.filter(node__among=list(labels)).delete()
    insert_rows(
        NodeLabel,
        ("node", "key", "value"),
        ((node, key, value) for node, told in labels.items() for key, value in told.items()),
    )
