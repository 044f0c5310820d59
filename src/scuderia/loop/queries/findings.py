"""Claims as they stand."""

from scuderia.basics.actors import Actor
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.queries.rows import FindingRow


def list_findings(
    actor: Actor, *, subject: SubjectRef | None = None, open_only: bool = True, limit: int = 100
) -> tuple[FindingRow, ...]:
    """Return findings within the actor's reach, gravest first."""
    raise NotImplementedError
