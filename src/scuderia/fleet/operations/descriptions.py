"""What a fleet's descriptions share: who may describe it, and what makes a correction one."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

from django.db.models import Manager

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.queries.lineage import lineage
from scuderia.intake.hostlists import expand
from scuderia.intake.records import Flaw
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit

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


class OfCustomer(Described, Protocol):
    """A row that tells one fact of a customer."""

    @property
    def customer(self) -> str:
        """Return its name."""
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


def lock_named(named: Manager[Any], names: Collection[str]) -> None:
    """Have others wait who would describe these, where the tables allow several writers."""
    rows = named.select_for_update().filter(name__among=names).order_by("pk")
    list(rows.values_list("pk", flat=True))


def unknown_customer(name: str) -> Flaw:
    """Return what is wrong with a row of a customer that is on no book."""
    said = f"no customer is named {name!r}"
    return Flaw("customer", said, "Describe it: scuderia fleet customer add.")


def of_unknown_customers(rows: Sequence[OfCustomer]) -> dict[Hashable, Flaw]:
    """Return what is wrong with the rows whose customer is on no book, by their keys."""
    names = {row.customer for row in rows}
    known = set(Customer.objects.filter(name__among=names).values_list("name", flat=True))
    return {row.key: unknown_customer(row.customer) for row in rows if row.customer not in known}


def audit_described(
    actor: Actor,
    verb: str,
    subject: SubjectRef,
    *,
    reason: str = "",
    now: AwareDatetime,
    detail: JsonObject,
) -> None:
    """Put on record what was described of a subject, for whoever may read it."""
    audit.record(
        actor,
        verb,
        subject=subject,
        reason=reason,
        at=now,
        detail=detail,
        lineage=lineage(subject),
    )


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
