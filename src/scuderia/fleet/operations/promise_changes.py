"""Keeps what is promised otherwise for days that have begun, beside the write that does it."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.engine.facts import SlaFact, seconds_of
from scuderia.fleet.engine.promise_changes import changed_days
from scuderia.fleet.engine.report_lines import calendar_of
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.promise_changes import PromiseChange
from scuderia.fleet.queries.slas import promises_by_customer


@contextmanager
def kept_promise_changes(
    customers: Collection[str], *, actor: Actor, reason: str, now: AwareDatetime
) -> Iterator[None]:
    """Keep what the block changes of these customers' promises for days that have begun.

    To be called in the transaction of that write, once the customers are locked.
    """
    names = frozenset(customers)
    before = promises_by_customer(names)
    yield
    after = promises_by_customer(names)
    changed = [name for name in sorted(before) if before[name] != after.get(name, ())]
    rows = Customer.objects.filter(name__among=changed).in_bulk(field_name="name")
    told = [
        PromiseChange(
            customer=rows[name],
            first_day=days.first,
            last_day=days.last,
            target_before=days.before.target,
            zone_before=days.before.time_zone,
            target_after=None if days.after is None else days.after.target,
            zone_after="" if days.after is None else days.after.time_zone,
            reason=reason,
            changed_by=str(actor),
            changed_at=now,
        )
        for name in changed
        for days in changed_days(before[name], after.get(name, ()), until=_today(before[name], now))
    ]
    PromiseChange.objects.bulk_create(told)


def _today(slas: tuple[SlaFact, ...], now: AwareDatetime) -> date:
    return calendar_of(slas).day_of(seconds_of(now))
