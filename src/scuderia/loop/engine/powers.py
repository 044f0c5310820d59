"""What each role may do, and what agents and services may: the one table of powers."""

from collections.abc import Mapping

from scuderia.basics.actors import ActorKind
from scuderia.loop.nouns import Power, Role

_VIEWER = frozenset({Power.READ})
_OPERATOR = _VIEWER | {
    Power.DECIDE,
    Power.UNDO,
    Power.BRAKE,
    Power.RUN_CREW,
    Power.VERIFY_AUDIT,
}
_LEAD = _OPERATOR | {
    Power.DECIDE_IRREVERSIBLE,
    Power.RELEASE_BRAKE,
    Power.GRANT,
    Power.IMPORT,
}

POWERS_OF_ROLE: Mapping[Role, frozenset[Power]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.LEAD: _LEAD,
    Role.ADMIN: _LEAD | {Power.MANAGE_PEOPLE},
}

POWERS_OF_MACHINES: Mapping[ActorKind, frozenset[Power]] = {
    ActorKind.PERSON: frozenset(),  # a person's powers come from roles alone
    ActorKind.AGENT: frozenset({Power.READ}),
    ActorKind.SERVICE: frozenset({Power.READ, Power.RUN_CREW, Power.IMPORT, Power.VERIFY_AUDIT}),
}
"""No acting power in any of these: no decision, undo, brake, grant, or people."""

ACTING: frozenset[Power] = frozenset(
    {
        Power.DECIDE,
        Power.DECIDE_IRREVERSIBLE,
        Power.UNDO,
        Power.BRAKE,
        Power.RELEASE_BRAKE,
        Power.GRANT,
        Power.MANAGE_PEOPLE,
    }
)


def roles_with(power: Power) -> frozenset[Role]:
    """Return the roles that hold the power."""
    return frozenset(role for role, powers in POWERS_OF_ROLE.items() if power in powers)
