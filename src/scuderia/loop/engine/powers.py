"""What each role may do, and what agents and services may: the loop's own powers, as declared."""

import re
from collections.abc import Mapping

from scuderia.basics.actors import ActorKind
from scuderia.basics.errors import Refused
from scuderia.basics.rooms import PowerSpec
from scuderia.loop.nouns import Power, Role

_ALL = tuple(role.value for role in Role)
_FROM_OPERATOR = (Role.OPERATOR.value, Role.LEAD.value, Role.ADMIN.value)
_FROM_LEAD = (Role.LEAD.value, Role.ADMIN.value)
_ADMIN = (Role.ADMIN.value,)
_AGENTS, _SERVICES = ActorKind.AGENT.value, ActorKind.SERVICE.value

LOOP_POWERS = (
    PowerSpec(Power.READ, _ALL, acting=False, machines=(_AGENTS, _SERVICES)),
    PowerSpec(Power.DECIDE, _FROM_OPERATOR, acting=True),
    PowerSpec(Power.UNDO, _FROM_OPERATOR, acting=True),
    PowerSpec(Power.BRAKE, _FROM_OPERATOR, acting=True),
    PowerSpec(Power.RUN_CREW, _FROM_OPERATOR, acting=False, machines=(_SERVICES,)),
    PowerSpec(Power.VERIFY_AUDIT, _FROM_OPERATOR, acting=False, machines=(_SERVICES,)),
    PowerSpec(Power.DECIDE_IRREVERSIBLE, _FROM_LEAD, acting=True),
    PowerSpec(Power.RELEASE_BRAKE, _FROM_LEAD, acting=True),
    PowerSpec(Power.GRANT, _FROM_LEAD, acting=True),
    PowerSpec(Power.IMPORT, _FROM_LEAD, acting=False, machines=(_SERVICES,)),
    PowerSpec(Power.MANAGE_PEOPLE, _ADMIN, acting=True),
)
"""The one table of the loop's powers; a room declares its own beside them."""

POWERS_OF_ROLE: Mapping[Role, frozenset[Power]] = {
    role: frozenset(Power(spec.name) for spec in LOOP_POWERS if role.value in spec.roles)
    for role in Role
}
POWERS_OF_MACHINES: Mapping[ActorKind, frozenset[Power]] = {
    kind: frozenset(Power(spec.name) for spec in LOOP_POWERS if kind.value in spec.machines)
    for kind in ActorKind
}
ACTING = frozenset(Power(spec.name) for spec in LOOP_POWERS if spec.acting)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


class BadPower(Refused):
    """A room declared a power that nobody could hold safely."""

    code = "LOOP-090"
    remedy = "Give it a new lower-case name, known roles, and no machine if it acts."


def refuse_bad_power(spec: PowerSpec) -> None:
    """Raise BadPower for an unreadable name, an unknown role, or a machine that would act."""
    if not _NAME.match(spec.name):
        raise BadPower(f"{spec.name[:60]!r} is no name of a power")
    unknown = sorted(set(spec.roles) - set(_ALL))
    if unknown or not spec.roles:
        raise BadPower(f"the power {spec.name} names no known role: {', '.join(unknown)}")
    if spec.machines and spec.acting:
        raise BadPower(f"the power {spec.name} acts, so no agent or service may hold it")
    if set(spec.machines) - {_AGENTS, _SERVICES}:
        raise BadPower(f"the power {spec.name} names a kind of actor that there is not")
