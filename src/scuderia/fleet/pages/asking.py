"""What every page of the fleet asks first: who is there, when, what they may read, which period."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest

from scuderia.basics.actors import Actor, actor_of
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.queries.access import readable_scopes, require_reach, within_reach
from scuderia.fleet.queries.nodes import NodeStatus
from scuderia.fleet.queries.reports import Period, whole_period
from scuderia.loop.ports import registry

DAYS_OFFERED = (7, 30, 90, 365)
DAYS_USUAL = 30


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, the fleet's instant at which they ask, and the scopes they may read."""

    actor: Actor
    now: AwareDatetime
    scopes: frozenset[str]

    def may_read(self, node: NodeStatus) -> bool:
        """Say whether the node hangs under a scope the person may read."""
        return within_reach(node, self.scopes)

    def require(self, subject: SubjectRef) -> None:
        """Return if the person may read the subject; a stranger is told that there is none."""
        require_reach(self.actor, subject)

    @property
    def sees_all(self) -> bool:
        """Say whether the person may read everything."""
        return str(EVERYTHING) in self.scopes


def asking(request: HttpRequest) -> Asking:
    """Return who asks, when, and what they may read."""
    actor = actor_of(request.user)
    return Asking(actor, registry.clock.now(), readable_scopes(actor))


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
