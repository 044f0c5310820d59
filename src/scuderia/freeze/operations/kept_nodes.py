"""Has a zone keep another free node for its run, in place of one that is sick."""

from django.db import transaction

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.freeze.operations.zone_swaps import Swap, move_pin
from scuderia.freeze.queries.capacity_holds import kept_nodes
from scuderia.freeze.queries.zone_scope import scope_nodes


class NothingKept(Refused):
    """No zone keeps the node for a run to come, or the other one is not free for it."""

    code = "FREEZE-017"
    remedy = "See what is kept: `scuderia freeze list`, and which spares stand ready."


@transaction.atomic
def swap_kept(*, node: str, spare: str, now: AwareDatetime) -> None:
    """Keep the spare instead of the node, in the zone that keeps it; told in the zone's life.

    raises   NothingKept
    """
    pin = kept_nodes(now).select_for_update(of=("self",)).filter(node=node).first()
    free = {one.node: one for one in scope_nodes(now, free=True) if one.is_free}
    if pin is None or spare not in free:
        raise NothingKept(f"{node} is kept by no zone, or {spare} is not free")
    move_pin(pin.zone, Swap(node, spare, now), free[spare], now, step="kept another node")
