"""What a fleet's descriptions share: who may describe it, and what makes a correction one."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
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


class Described(Protocol):
    """A row that tells one fact."""

    @property
    def key(self) -> Hashable:
        """Return what makes it the same fact when it is told again."""
        ...

    def told(self) -> dict[str, str]:
        """Return what may be said otherwise, as text."""
        ...


RowT = TypeVar("RowT", bound=Described)


@dataclass(frozen=True, slots=True)
class Compared(Generic[RowT]):
    """What is told, beside what is on the books.

    against   what cannot stand, by the row's key
    amended   what stands otherwise: the row, and what stood there
    """

    added: tuple[RowT, ...]
    amended: tuple[tuple[RowT, RowT], ...]
    unchanged: int
    against: Mapping[Hashable, Flaw]

    @classmethod
    def of(
        cls, rows: Sequence[RowT], known: Mapping[Hashable, RowT], against: Mapping[Hashable, Flaw]
    ) -> Self:
        """Compare the rows that nothing is against with what is known, by their keys."""
        good = [(row, known.get(row.key)) for row in rows if row.key not in against]
        return cls(
            added=tuple(row for row, was in good if was is None),
            amended=tuple((row, was) for row, was in good if was is not None and was != row),
            unchanged=sum(row == was for row, was in good),
            against=against,
        )


@dataclass(frozen=True, slots=True)
class SaidBy:
    """Whose file describes something, when, and the reason that is kept of it."""

    actor: Actor
    now: AwareDatetime
    reason: str


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
