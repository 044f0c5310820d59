"""Observations booked one word at a time, each in a savepoint: the plain way, for comparison."""

from datetime import timedelta

from django.db import transaction

from scuderia.basics.errors import Refused
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.nouns import PHASES, NodeState
from scuderia.fleet.operations import allocations, outages

RELAPSE_WATCH = timedelta(days=28)
GPUS = 4


class WrongShare(Refused):
    code = "TEST-001"
    remedy = "None."


def record(words, *, source):
    """Book the words in their order; return (signals, the nodes of words that were left out)."""
    told, disputed = [], []
    for seen in words:
        try:
            with transaction.atomic():
                said = list(_record_one(seen, source))
        except Refused:
            disputed.append(seen.node)
        else:
            told += said
    return told, disputed


def _record_one(seen, source):
    if _is_wrong(seen):
        raise WrongShare("a share that cannot be")
    _record_holder(seen)
    stay = Outage.objects.filter(node__name=seen.node, end__isnull=True).first()
    if seen.state is NodeState.UP:
        if stay is not None:
            outages.close_outage(node=seen.node, end=seen.at)
            yield "up", seen.node, seen.at, stay.start
        return
    yield from _record_out(seen, stay, source)
    if seen.state in PHASES:
        outages.start_phase(node=seen.node, state=seen.state, start=seen.at)
    else:
        outages.end_phase(node=seen.node, end=seen.at)


def _record_out(seen, stay, source):
    planned = seen.state is NodeState.DRAINED
    if stay is not None and stay.planned is not planned:
        outages.close_outage(node=seen.node, end=seen.at)
        stay = None
    if stay is not None and _as_said(seen) != _as_kept(stay):
        if _gpus(seen.share.gpus) > _gpus(stay.gpus_lost):
            yield "down", seen.node, seen.at, seen.cause
        outages.close_outage(node=seen.node, end=seen.at)
        _open(seen, source, planned=planned)
    elif stay is None:
        mended = Outage.objects.filter(node__name=seen.node, planned=False, end__lte=seen.at)
        returned_at = mended.order_by("-end").values_list("end", flat=True).first()
        _open(seen, source, planned=planned)
        if not planned:
            yield "down", seen.node, seen.at, seen.cause
            if returned_at is not None and seen.at - returned_at <= RELAPSE_WATCH:
                hours = round((seen.at - returned_at).total_seconds() / 3600, 2)
                yield "relapsed", seen.node, seen.at, hours


def _open(seen, source, *, planned):
    kind = "planned" if planned else "outage"
    degraded = seen.state is NodeState.DEGRADED
    key = f"{source}/{seen.node}/{int(seen.at.timestamp())}/"
    key += f"degraded {seen.share}" if degraded else kind
    opened = outages.open_outage(
        node=seen.node, start=seen.at, cause=seen.cause, planned=planned, source_key=key
    )
    if opened and degraded:
        Outage.objects.filter(source_key=key).update(
            gpus_lost=seen.share.gpus,
            gpu_indices=",".join(map(str, seen.share.indices)),
            severity="degraded",
        )


def _gpus(lost):
    return GPUS + 1 if lost is None else lost


def _as_said(seen):
    if seen.state is not NodeState.DEGRADED:
        return "whole"
    return seen.share.gpus, ",".join(map(str, seen.share.indices))


def _as_kept(stay):
    return (stay.gpus_lost, stay.gpu_indices) if stay.severity == "degraded" else "whole"


def _is_wrong(seen):
    lost, named = seen.share.gpus, seen.share.indices
    if lost is None and not named:
        return False
    if seen.state is not NodeState.DEGRADED or lost not in range(1, GPUS + 1):
        return True
    return bool(named) and (sorted({*named} & {*range(GPUS)}) != [*named] or len(named) != lost)


def _record_holder(seen):
    held = Allocation.objects.filter(node__name=seen.node, end__isnull=True)
    holder = held.values_list("customer__name", flat=True).first()
    if holder is not None and holder != seen.customer:
        allocations.close_allocation(node=seen.node, end=seen.at)
    if seen.customer is not None and holder != seen.customer:
        allocations.open_allocation(node=seen.node, customer=seen.customer, start=seen.at)
