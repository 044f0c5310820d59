"""What a row of prices says: a node type's, or a customer's own, from a day on."""

from typing import NamedTuple

from scuderia.fleet.engine.customer_days import read_day
from scuderia.intake.fields import FieldSpec, FieldType, Record
from scuderia.intake.identities import identity_of
from scuderia.intake.records import Flaw

CENTS_MAX = 10_000_000
_CENTS = f"Write whole US cents from 1 to {CENTS_MAX}; 0 states none from that day on."

FIELDS = (
    FieldSpec(name="sku", needs_column=True, may_be_empty=False, characters_max=128),
    FieldSpec(name="customer", characters_max=128),
    FieldSpec(name="from", needs_column=True),
    FieldSpec(
        name="cents_per_gpu_hour", type=FieldType.WHOLE, needs_column=True, may_be_empty=False
    ),
)


class PriceRow(NamedTuple):
    """One price as it is told; customer "": of everybody who has none of their own."""

    sku: str
    customer: str
    first_day: str
    cents_per_gpu_hour: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes it the same price when it is told again."""
        return self.sku, self.customer, self.first_day

    def told(self) -> dict[str, str]:
        """Return what may be said otherwise, as text."""
        return {"cents_per_gpu_hour": str(self.cents_per_gpu_hour)}

    def flaw(self) -> Flaw | None:
        """Return the objection to what is no price, or None."""
        if 0 <= self.cents_per_gpu_hour <= CENTS_MAX:
            return None
        said = f"{self.cents_per_gpu_hour} is no price of a GPU-hour"
        return Flaw("cents_per_gpu_hour", said, _CENTS)


def row_of(record: Record) -> PriceRow:
    """Return the row.

    raises   Flaw
    """
    cents = record.values["cents_per_gpu_hour"]
    row = PriceRow(
        record.text("sku"),
        record.text("customer"),
        read_day(record.text("from"), "from").isoformat(),
        cents if isinstance(cents, int) else -1,
    )
    flaw = row.flaw()
    if flaw is not None:
        raise flaw
    return row


def same_row(row: PriceRow) -> str:
    """Return the identity of the row: one price begins on one day."""
    return identity_of("", *row.key)
