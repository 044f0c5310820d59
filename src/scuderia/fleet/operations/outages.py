"""Opens and closes outages and their phases; whoever calls records the audit row."""

from django.db import transaction

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.safe_text import plain_words
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import PHASES, NodeState
from scuderia.fleet.operations.import_runs import disturb
from scuderia.fleet.operations.inventory import find_node


class OutageAlreadyOpen(Refused):
    """The node is already out of service."""

    code = "FLEET-004"
    remedy = "Close the open outage first, or record the new fact as one of its phases."


class NoOpenOutage(Refused):
    """A repair phase needs an outage to belong to."""

    code = "FLEET-005"
    remedy = "Open the outage before its repair phases."


class EndsBeforeStart(BadInput):
    """An interval would end before it began."""

    code = "FLEET-006"
    remedy = "Check the order and the time zones of the source's instants."


@transaction.atomic
def open_outage(
    *,
    node: str,
    start: AwareDatetime,
    cause: str,
    source_key: str,
    planned: bool = False,
    detected_at: AwareDatetime | None = None,
) -> bool:
    """Open an outage; False if this source_key is on the books, or was taken off them for good.

    raises   UnknownSubject, OutageAlreadyOpen
    """
    if Outage.objects.filter(source_key=source_key).exists() or _was_retracted(source_key):
        return False
    row = find_node(node)
    if Outage.objects.filter(node=row, end__isnull=True).exists():
        raise OutageAlreadyOpen(f"{node} is already out of service")
    Outage.objects.create(
        node=row,
        start=start,
        detected_at=detected_at,
        cause=plain_words(cause),
        planned=planned,
        source_key=source_key,
    )
    return True


@transaction.atomic
def close_outage(*, node: str, end: AwareDatetime) -> bool:
    """End the node's open outage and its open phase; False if none is open.

    raises   EndsBeforeStart
    """
    outage = _open_outage(node)
    if outage is None:
        return False
    require_order(node, outage.start, end)
    disturb([outage.pk])
    end_phase(node=node, end=end)
    Outage.objects.filter(pk=outage.pk).update(end=end)
    return True


@transaction.atomic
def start_phase(*, node: str, state: NodeState, start: AwareDatetime) -> bool:
    """Begin a repair phase of the node's open outage, ending the one before.

    returns  False if the node is already in that phase
    raises   NoOpenOutage, EndsBeforeStart, BadInput: state is no phase
    """
    if state not in PHASES:
        message = f"{state.value!r} is not a phase of a repair"
        raise BadInput(message, remedy="Write in_repair, waiting_parts or validating.")
    outage = _open_outage(node)
    if outage is None:
        raise NoOpenOutage(f"{node} is not out of service")
    require_order(node, outage.start, start)
    disturb([outage.pk])
    if Repair.objects.filter(outage=outage, end__isnull=True, state=state.value).exists():
        return False
    end_phase(node=node, end=start)
    Repair.objects.create(outage=outage, state=state.value, start=start)
    return True


@transaction.atomic
def end_phase(*, node: str, end: AwareDatetime) -> bool:
    """End the open phase of the node's open outage; False if none is open.

    raises   EndsBeforeStart
    """
    phase = Repair.objects.filter(
        outage__node__name=node, outage__end__isnull=True, end__isnull=True
    ).first()
    if phase is None:
        return False
    require_order(node, phase.start, end)
    disturb([phase.outage_id])
    Repair.every.filter(pk=phase.pk).update(end=end)
    return True


def _was_retracted(source_key: str) -> bool:
    return OutageAmendment.objects.filter(source_key=source_key, after__isnull=True).exists()


def _open_outage(node: str) -> Outage | None:
    return Outage.objects.filter(node__name=node, end__isnull=True).first()


def require_order(node: str, start: AwareDatetime, end: AwareDatetime) -> None:
    """Return if an interval of the node may end there.

    raises   EndsBeforeStart
    """
    if end.replace(microsecond=0) < start:
        message = f"{node}: {end.isoformat()} lies before the start {start.isoformat()}"
        raise EndsBeforeStart(message)
