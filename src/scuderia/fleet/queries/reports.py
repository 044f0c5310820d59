"""The SLA report and the ledger of a period, for the fleet, a site or a customer."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Min, Q

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.engine.facts import FleetFacts, instant_of, narrowed, seconds_of
from scuderia.fleet.engine.report_figures import (
    CauseShare,
    Concentration,
    CustomerDays,
    KnownMean,
    Ledger,
    LedgerDay,
    OutageLengths,
    PromiseChanged,
    ReportDay,
    SlaReport,
    beside_availability,
)
from scuderia.fleet.engine.sla import NotAPeriod, Request, ledger_of, report_of
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.observations import ObservationCursor
from scuderia.fleet.queries.access import require_reach
from scuderia.fleet.queries.facts import NothingOnTheBooks, load_amendments, load_facts
from scuderia.fleet.queries.slas import customer_calendar

__all__ = [
    "CauseShare",
    "Concentration",
    "CustomerDays",
    "KnownMean",
    "Ledger",
    "LedgerDay",
    "NotAPeriod",
    "NotATarget",
    "NothingOnTheBooks",
    "OutageLengths",
    "Period",
    "PromiseChanged",
    "ReportDay",
    "SlaReport",
    "beside_availability",
    "day_begins",
    "get_ledger",
    "get_report",
    "ledger_for",
    "request_facts",
    "sla_report",
    "whole_period",
]


class NotATarget(BadInput):
    """A target that is not a share."""

    code = "FLEET-011"
    remedy = "Write a share above 0 and up to 1, e.g. 0.95."


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open stretch of time [start, end); whoever reports on it refuses an empty one."""

    start: AwareDatetime
    end: AwareDatetime


def whole_period(*, now: AwareDatetime, site: str | None = None) -> Period:
    """Return from the first instant on the books to the last one spoken of, at most `now`.

    A fleet that a source still watches lasts until that source last spoke; an imported one until
    the end of its records.
    raises   NothingOnTheBooks: no node
    """
    nodes = Node.objects.all()
    if site is not None:
        nodes = nodes.filter(rack__cluster__site__name=site)
    span = nodes.aggregate(
        first=Min("active_from"), last=Max("active_to"), live=Count("id", Q(active_to=None))
    )
    if span["first"] is None:
        raise NothingOnTheBooks("no node is on the books")
    ends = [] if span["last"] is None else [span["last"]]
    if span["live"]:
        spoken = ObservationCursor.objects.aggregate(last=Max("as_of"))["last"]
        ends.append(now if spoken is None else spoken)
    end = min(now, max(ends))
    return Period(span["first"], end)


def day_begins(day: date, *, customer: str | None = None) -> AwareDatetime:
    """Return the first instant of a day as the customer's clocks tell it; UTC without a customer.

    A report from day_begins(July 1) to day_begins(August 1) holds July's 31 days in any zone.
    """
    return instant_of(customer_calendar(customer).begins(day))


def ledger_for(customer: str | None, start: AwareDatetime, end: AwareDatetime) -> Ledger:
    """Return every node-second of [start, end) in its class, per node and per day.

    Days are the customer's, UTC's without a customer.
    customer   only the seconds that this customer held the node; None: all
    raises     UnknownSubject, NotAPeriod
    """
    return ledger_of(*request_facts(start, end, customer=customer))


def sla_report(
    start: AwareDatetime,
    end: AwareDatetime,
    *,
    customer: str | None = None,
    site: str | None = None,
    target: float | None = None,
) -> SlaReport:
    """Return the report of a period in eight queries; its days are as in `ledger_for`.

    target   None: what was promised for each day
    raises   UnknownSubject, NotAPeriod, NotATarget
    """
    return report_of(*request_facts(start, end, customer=customer, site=site, target=target))


def get_report(
    actor: Actor,
    period: Period,
    *,
    customer: str | None = None,
    site: str | None = None,
    target: float | None = None,
) -> SlaReport:
    """Return the report of a period for whoever may read all that it is about.

    raises   NotFound: the customer, the site or the whole fleet is not the actor's to read
    """
    require_reach(actor, _about(customer, site))
    return sla_report(period.start, period.end, customer=customer, site=site, target=target)


def get_ledger(actor: Actor, period: Period, *, customer: str | None = None) -> Ledger:
    """Return every node-second of a period in its class, for whoever may read all of it.

    raises   NotFound
    """
    require_reach(actor, _about(customer, None))
    return ledger_for(customer, period.start, period.end)


def _about(customer: str | None, site: str | None) -> SubjectRef:
    if customer is not None:
        return SubjectRef.parse(f"customer:{customer}")
    return EVERYTHING if site is None else SubjectRef.parse(f"site:{site}")


def request_facts(
    start: AwareDatetime,
    end: AwareDatetime,
    *,
    customer: str | None = None,
    site: str | None = None,
    target: float | None = None,
    with_amendments: bool = False,
) -> tuple[FleetFacts, Request]:
    """Return the raw books of a period and the question put to them.

    with_amendments   also what was corrected of the outages, for the evidence packet
    """
    if target is not None and not 0 < target <= 1:
        raise NotATarget(f"{target} is not a share of availability")
    request = Request(
        start=seconds_of(start),
        end=seconds_of(end),
        customer=customer,
        site=site,
        target=target,
    )
    if request.end <= request.start:
        raise NotAPeriod("the period is empty")
    facts = load_facts(before=request.end, after=request.start, site=site, customer=customer)
    if with_amendments:
        facts = load_amendments(facts, before=request.end)
    if customer is not None:
        facts = narrowed(facts, customer, start=request.start, end=request.end)
    return facts, request
