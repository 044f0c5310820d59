"""The SLA report and the ledger of a period, for the fleet, a site or a customer."""

from dataclasses import dataclass

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.engine.figures import (
    CauseShare,
    Concentration,
    CustomerDays,
    KnownMean,
    Ledger,
    LedgerDay,
    OutageLengths,
    SlaReport,
    gpus_bought_back,
)

__all__ = [
    "CauseShare",
    "Concentration",
    "CustomerDays",
    "KnownMean",
    "Ledger",
    "LedgerDay",
    "OutageLengths",
    "Period",
    "SlaReport",
    "gpus_bought_back",
    "ledger_for",
    "sla_report",
    "whole_period",
]


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open stretch of time [start, end)."""

    start: AwareDatetime
    end: AwareDatetime


def whole_period(*, now: AwareDatetime, site: str | None = None) -> Period:
    """Return from the first instant on the books to the last one spoken of, at most `now`.

    raises   NothingOnTheBooks: no node
    """
    raise NotImplementedError


def ledger_for(
    customer: str | None,
    start: AwareDatetime,
    end: AwareDatetime,
    *,
    site: str | None = None,
    time_zone: str | None = None,
) -> Ledger:
    """Return every node-second of [start, end) in its class, per node and per day.

    customer    only the seconds that this customer held the node; None: all
    time_zone   of the days; None: the customer's, UTC without a customer
    raises      UnknownSubject
    """
    raise NotImplementedError


def sla_report(
    start: AwareDatetime,
    end: AwareDatetime,
    *,
    customer: str | None = None,
    site: str | None = None,
    target: float | None = None,
    time_zone: str | None = None,
) -> SlaReport:
    """Return the report of a period in a constant number of queries.

    target      None: the customer's, 0.95 without a customer
    time_zone   None: the customer's, UTC without a customer
    raises      UnknownSubject, NotAPeriod
    """
    raise NotImplementedError
