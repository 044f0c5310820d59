"""People, their roles and tokens, read."""

from scuderia.basics.actors import Actor
from scuderia.loop.queries.rows import PersonRow


def list_people(actor: Actor) -> tuple[PersonRow, ...]:
    """Return everyone, for those who manage people; otherwise the actor alone."""
    raise NotImplementedError
