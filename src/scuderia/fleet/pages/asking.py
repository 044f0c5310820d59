"""What every page of the fleet asks first: who is there, when, what they may read, which period."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.queries.board import NodeStatus
from scuderia.fleet.queries.places import lineage
from scuderia.fleet.queries.report import Period, whole_period
from scuderia.loop.nouns import Power
from scuderia.loop.ports import sockets
from scuderia.loop.queries.standing import actor_of, may, scopes_with

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
        place = node.place
        hangs = {
            str(EVERYTHING), f"site:{place.site}", f"cluster:{place.cluster}",
            f"rack:{place.rack}", f"node:{place.node}",
        }  # fmt: skip
        if node.customer:
            hangs.add(f"customer:{node.customer}")
        return not self.scopes.isdisjoint(hangs)

    def require(self, subject: SubjectRef) -> None:
        """Return if the person may read the subject; a stranger is told that there is none."""
        if not may(self.actor, Power.READ, lineage(subject)):
            raise NotFound(f"no {subject.kind} is named {subject.name!r}")

    @property
    def sees_all(self) -> bool:
        """Say whether the person may read everything."""
        return str(EVERYTHING) in self.scopes


def asking(request: HttpRequest) -> Asking:
    """Return who asks, when, and what they may read."""
    return asking_as(actor_of(request.user))


def asking_as(actor: Actor) -> Asking:
    """Return the same for an actor who came with a token."""
    return Asking(actor, sockets.clock.now(), scopes_with(actor, Power.READ))


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
