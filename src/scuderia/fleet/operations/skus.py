"""Describes a node type and its price from the beginning; corrected with a reason."""

from dataclasses import asdict, dataclass

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.safe_text import plain_words
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.models.columns import NAME_MAX
from scuderia.fleet.models.inventory import Node, Sku
from scuderia.fleet.operations.descriptions import (
    DescribedAlready,
    may_describe,
    require_reason,
)
from scuderia.fleet.operations.inventory import first_price, keep_first_price
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.loop.operations import audit

GPUS_MAX, CENTS_MAX = 1_024, 10_000_000
_PRICE = "cents_per_gpu_hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuChanges:
    """What is to stand there; None keeps what stands.

    The price is the one from the beginning; 0 cents: none is stated.
    """

    gpus_per_node: int | None = None
    gpu_model: str | None = None
    cents_per_gpu_hour: int | None = None

    def check(self) -> None:
        """Return if there can be such a type.

        raises   BadInput
        """
        gpus, cents = self.gpus_per_node, self.cents_per_gpu_hour
        if gpus is not None and not 1 <= gpus <= GPUS_MAX:
            raise BadInput(
                f"--gpus {gpus} is no node", remedy=f"Give a whole number from 1 to {GPUS_MAX}."
            )
        if cents is not None and not 0 <= cents <= CENTS_MAX:
            raise BadInput(
                f"--price-cents {cents} is no price of a GPU-hour",
                remedy=f"Give whole US cents from 1 to {CENTS_MAX}; 0 states none.",
            )
        model = self.gpu_model
        if model is not None and not 1 <= len(plain_words(model)) <= NAME_MAX:
            raise BadInput(
                "--model names no GPU", remedy=f"Give its name, at most {NAME_MAX} characters."
            )

    def given(self) -> dict[str, str | int]:
        """Return what is given, by column."""
        told = {name: value for name, value in asdict(self).items() if value is not None}
        if self.gpu_model is not None:
            told["gpu_model"] = plain_words(self.gpu_model)
        return told


@transaction.atomic
def add_sku(*, actor: Actor, name: str, sku: SkuChanges, now: AwareDatetime) -> bool:
    """Bring a node type onto the books; False if it is there already, just so.

    sku      with GPUs and model; without a price none is stated, and no money is shown
    raises   NotAuthorised, NotFound, BadInput, DescribedAlready
    """
    may_describe(actor)
    SubjectRef.parse(f"sku:{name}")
    sku.check()
    if sku.gpus_per_node is None or sku.gpu_model is None:
        raise BadInput(f"the SKU {name} has no GPUs", remedy="Give --gpus and --model.")
    wanted = {_PRICE: 0, **sku.given()}
    row, made = Sku.objects.get_or_create(name=name, defaults=_columns(wanted))
    if not made:
        held = _facts_of(row)
        if held != wanted:
            raise DescribedAlready(
                f"the SKU {name} is on the books, with {_words(held)}",
                remedy=f"Correct it: scuderia fleet sku edit {name} --reason WHY.",
            )
        return False
    keep_first_price(row, int(wanted[_PRICE]), by_person=True)
    audit.record(
        actor, "fleet.sku.added", subject=EVERYTHING, at=now, detail={"sku": name, **wanted}
    )
    return True


@transaction.atomic
def edit_sku(
    *, actor: Actor, name: str, changes: SkuChanges, reason: str, now: AwareDatetime
) -> bool:
    """Correct a node type, for all of the past too; False if that stands already.

    raises   NotAuthorised, NotFound, UnknownSubject, ReasonMissing
             BadInput: a number of GPUs for a type that nodes are of already, among others
    """
    may_describe(actor)
    row = Sku.objects.filter(name=name).first()
    if row is None:
        raise UnknownSubject(f"no SKU is named {name!r}")
    changes.check()
    before = _facts_of(row)
    after = {**before, **changes.given()}
    if after == before:
        return False
    if after["gpus_per_node"] != before["gpus_per_node"] and Node.every.filter(sku=row).exists():
        raise BadInput(
            f"nodes of the SKU {name} stand with {before['gpus_per_node']} GPUs each",
            remedy="Describe the other node type under a name of its own.",
        )
    require_reason(reason, f"the SKU {name}")
    Sku.objects.filter(pk=row.pk).update(**_columns(after))
    if _PRICE in changes.given():
        keep_first_price(row, int(after[_PRICE]), by_person=True)
    audit.record(
        actor,
        "fleet.sku.edited",
        subject=EVERYTHING,
        reason=reason,
        at=now,
        detail={"sku": name, "before": before, "after": after},
    )
    return True


def _facts_of(row: Sku) -> dict[str, str | int]:
    return {
        "gpus_per_node": row.gpus_per_node,
        "gpu_model": row.gpu_model,
        _PRICE: first_price(row),
    }


def _columns(facts: dict[str, str | int]) -> dict[str, str | int]:
    return {name: value for name, value in facts.items() if name != _PRICE}


def _words(facts: dict[str, str | int]) -> str:
    cents = facts[_PRICE]
    price = f"{cents} cents a GPU-hour" if cents else "no stated price"
    return f"{facts['gpus_per_node']} x {facts['gpu_model']} and {price}"
