"""Who may do what where; every write asks here first."""

from scuderia.basics.actors import Actor
from scuderia.basics.subjects import Lineage, SubjectRef
from scuderia.loop.nouns import Power


def require(actor: Actor, power: Power, target: SubjectRef | Lineage) -> None:
    """Return if the actor holds the power there; a stranger is told NotFound.

    raises   NotAuthorised: the actor may read it and may not do this
             NotFound: the actor may not even know of it
    """
    raise NotImplementedError
