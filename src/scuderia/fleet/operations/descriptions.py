"""What a fleet's descriptions share: who may describe it, and what makes a correction one."""

from collections.abc import Iterable

from scuderia.basics.actors import Actor
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import EVERYTHING
from scuderia.intake.hostlists import expand
from scuderia.intake.records import Flaw
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access

NODES_MAX = 10_000
"""How many nodes one command, or one file, describes in its one transaction."""
NAMES_AUDITED = 50
"""How many names of a batch its audit entry tells; it always tells their number."""


class DescribedAlready(Refused):
    """Something of that name is on the books already, and is otherwise."""

    code = "FLEET-047"
    remedy = "Correct it with the matching `edit`, and a reason."


class ReasonMissing(BadInput):
    """A fact would be corrected, and nobody says why."""

    code = "FLEET-048"
    remedy = "Say why with --reason; it is kept in the audit."


def may_describe(actor: Actor) -> None:
    """Return if the actor may describe the fleet: whoever may import on everything.

    raises   NotAuthorised, NotFound
    """
    access.require(actor, Power.IMPORT, EVERYTHING)


def require_reason(reason: str, corrected: str) -> None:
    """Return if there is a reason.

    corrected   what would be corrected, for the message
    raises      ReasonMissing
    """
    if not reason.strip():
        raise ReasonMissing(f"{corrected} would be corrected without a reason")


def expand_nodes(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the nodes that names and hostlists such as node[001-128] tell, each once.

    raises   BadInput: unreadable, or more than NODES_MAX
    """
    names: dict[str, None] = {}
    try:
        for text in texts:
            names.update(dict.fromkeys(expand(text, limit=NODES_MAX)))
    except Flaw as flaw:
        raise BadInput(f"NODE: {flaw.reason}", remedy=flaw.remedy) from None
    if not 1 <= len(names) <= NODES_MAX:
        raise BadInput(
            f"{len(names)} nodes are named", remedy=f"Name 1 to {NODES_MAX} nodes at once."
        )
    return tuple(names)
