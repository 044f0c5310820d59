"""Who may do what where; every write asks here first."""

import rules

from scuderia.basics.actors import Actor, SignedIn, actor_of
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.loop.nouns import Power
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import may, may_somewhere
from scuderia.loop.queries.lineage import lineage_of


def require(actor: Actor, power: str, target: SubjectRef | Lineage) -> None:
    """Return if the actor holds the power there; a stranger is told NotFound.

    raises   NotAuthorised: the actor may read it and may not do this
             NotFound: the actor may not even know of it
    """
    lineage = lineage_of(target) if isinstance(target, SubjectRef) else target
    spec = registry.powers.get(power)
    if spec is None or spec.acting:  # an unknown power is nobody's
        refuse_machines(actor, power)
    if may(actor, power, lineage):
        return
    if power != Power.READ and may(actor, Power.READ, lineage):
        raise NotAuthorised(f"{actor} may not {power} there", actor=actor, power=power)
    raise NotFound("nothing by that name is visible to you")


def require_somewhere(actor: Actor, power: str) -> None:
    """Return if the actor holds the power on any scope; a stranger is told NotFound.

    raises   NotAuthorised, NotFound
    """
    if may_somewhere(actor, power):
        return
    if may_somewhere(actor, Power.READ):
        raise NotAuthorised(f"{actor} may not {power} anywhere", actor=actor, power=power)
    raise NotFound("nothing by that name is visible to you")


def refuse_machines(actor: Actor, power: str) -> None:
    """Raise NotAuthorised for an agent or a service: they hold no acting power, ever."""
    if not actor.is_person:
        raise NotAuthorised(
            f"{actor} is no person; only people may {power}",
            remedy="Sign in as a person who holds the role.",
            actor=actor,
        )


def _predicate(power: Power) -> rules.Predicate:
    def holds(user: SignedIn, subject: SubjectRef | None = None) -> bool:
        """Say whether the signed-in person holds the power on the subject (everything if None)."""
        return may(actor_of(user), power, lineage_of(subject or EVERYTHING))

    return rules.predicate(holds, name=f"holds_{power.value}")


for _power in Power:
    _name = f"loop.{_power.value}"
    if not rules.perm_exists(_name):
        rules.add_perm(_name, _predicate(_power))
