"""Which period a page is asked for: days back, or two dates."""

from datetime import timedelta

from django.http import HttpRequest

from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.fleet.queries.reports import Period, whole_period

DAYS_OFFERED = (7, 30, 90, 365)
DAYS_USUAL = 30


def period_from(request: HttpRequest, *, now: AwareDatetime) -> tuple[Period, int]:
    """Read `?days=` or `?from=&to=`; return the period and the days chosen (0: by dates).

    raises   BadInput: a date that cannot be read; NothingOnTheBooks
    """
    whole = whole_period(now=now)
    since, until = request.GET.get("from", ""), request.GET.get("to", "")
    if since or until:
        start = parse_instant(since, field="from") if since else whole.start
        end = parse_instant(until, field="to") if until else whole.end
        return Period(start, end), 0
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(offered) for offered in DAYS_OFFERED} else DAYS_USUAL
    return Period(max(whole.start, whole.end - timedelta(days=days)), whole.end), days
