"""Labels nodes, and takes labels away; all of the nodes or none."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.engine.labels import BadLabel, changed_labels, labels_text, read_changes
from scuderia.fleet.models.labels import NodeLabel
from scuderia.fleet.operations.node_marks import Marking, NodesMarked, keep_marks, may_mark
from scuderia.fleet.queries.labels import labels_of
from scuderia.loop.operations.bulk_writes import insert_rows

__all__ = ["keep_labels", "label_nodes", "read_changes"]


@transaction.atomic
def label_nodes(
    *,
    actor: Actor,
    nodes: Sequence[str],
    changes: Mapping[str, str | None],
    now: AwareDatetime,
    dry_run: bool = False,
) -> NodesMarked:
    """Have each of the nodes bear these labels too; None takes the key away.

    raises   NotAuthorised, NotFound, UnknownSubject, BadLabel
    """
    ids, bears = may_mark(actor, nodes), labels_of(nodes)
    if not changes:
        raise BadLabel("no label is named")
    held: dict[str, Mapping[str, str]] = {node: bears.get(node, {}) for node in ids}
    wanted = {node: changed_labels(held[node], changes) for node in ids}
    by = Marking("labelled", dict(changes), actor, now, dry_run)
    return keep_marks(ids, held, wanted, keep_labels, labels_text, by)


def keep_labels(labels: Mapping[int, Mapping[str, str]]) -> None:
    """Have each node, by its row's id, bear these labels and no others, in the transaction."""
    NodeLabel.objects.filter(node__among=list(labels)).delete()
    insert_rows(
        NodeLabel,
        ("node", "key", "value"),
        ((node, key, value) for node, told in labels.items() for key, value in told.items()),
    )
