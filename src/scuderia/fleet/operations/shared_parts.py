"""Says which switches, power feeds and storage nodes hang on; all of the nodes or none."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.engine.shared_parts import changed_parts, parts_text, read_changes
from scuderia.fleet.models.shared_parts import NodeSharedPart
from scuderia.fleet.operations.node_marks import Marking, NodesMarked, keep_marks, may_mark
from scuderia.fleet.queries.shared_parts import parts_by_node
from scuderia.loop.operations.bulk_writes import insert_rows


@transaction.atomic
def hang_nodes(
    *,
    actor: Actor,
    nodes: Sequence[str],
    changes: Sequence[str],
    now: AwareDatetime,
    dry_run: bool = False,
) -> NodesMarked:
    """Have each of the nodes hang on these parts too.

    changes   `kind:name`; with a `-` behind it: off that part
    raises    NotAuthorised, NotFound, UnknownSubject, BadSharedPart
    """
    ids, hang = may_mark(actor, nodes), parts_by_node(nodes)
    on, off = read_changes(changes)
    held = {node: hang.get(node, ()) for node in ids}
    wanted = {node: changed_parts(held[node], on, off) for node in ids}
    by = Marking("hung", {"on": sorted(on), "off": sorted(off)}, actor, now, dry_run)
    return keep_marks(ids, held, wanted, keep_parts, parts_text, by)


def keep_parts(parts: Mapping[int, Sequence[str]]) -> None:
    """Have each node, by its row's id, hang on these parts and no others, in the transaction."""
    NodeSharedPart.objects.filter(node__among=list(parts)).delete()
    insert_rows(
        NodeSharedPart,
        ("node", "part"),
        ((node, part) for node, told in parts.items() for part in told),
    )
