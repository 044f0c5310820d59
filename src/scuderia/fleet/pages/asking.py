"""What every page of the fleet asks first: who is there, when, and what they may read."""

from dataclasses import dataclass

from django.http import HttpRequest

from scuderia.basics.actors import Actor, actor_of
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.queries.access import readable_scopes, require_reach, within_reach
from scuderia.fleet.queries.nodes import NodeStatus
from scuderia.loop.ports import registry


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
