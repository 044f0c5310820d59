"""How far an agent may go: given, suspended and revoked by people."""

from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.nouns import Autonomy, GrantId


@dataclass(frozen=True, slots=True)
class Budget:
    """The most a grant allows in a day of fleet time; None is no limit of that sort."""

    actions_per_day: int | None = None
    targets_per_day: int | None = None
    cents_per_day: int | None = None


def give_grant(
    *,
    actor: Actor,
    agent: str,
    kind: str,
    scope: SubjectRef,
    level: Autonomy,
    expires_at: AwareDatetime,
    budget: Budget,
    reason: str,
    now: AwareDatetime,
) -> GrantId:
    """Give an agent a level for a kind ("*" for all) on a scope; it replaces an open one."""
    raise NotImplementedError


def revoke_grant(*, actor: Actor, grant_id: GrantId, reason: str = "", now: AwareDatetime) -> None:
    """Take it back, for queued and waiting work too."""
    raise NotImplementedError


def suspend_grant(*, actor: Actor, grant_id: GrantId, reason: str = "", now: AwareDatetime) -> None:
    """Stop it for a while, for queued and waiting work too."""
    raise NotImplementedError


def reinstate_grant(
    *, actor: Actor, grant_id: GrantId, reason: str = "", now: AwareDatetime
) -> None:
    """Let a suspended grant hold again."""
    raise NotImplementedError
