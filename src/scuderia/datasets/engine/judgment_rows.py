"""What a row of a file of judgments says: who said what of which item, when and why."""

from collections.abc import Mapping
from typing import NamedTuple

from scuderia.basics.clock import AwareDatetime
from scuderia.datasets.engine.item_rows import KEY_MAX, TEXT_FIELDS, content_of
from scuderia.datasets.engine.judgment_values import ValueRules
from scuderia.intake.fields import FieldSpec, FieldType, Record
from scuderia.intake.identities import identity_of
from scuderia.intake.records import Flaw

REASON_MAX = 4_000
FIELDS = (
    FieldSpec(name="item", needs_column=True, may_be_empty=False, characters_max=KEY_MAX),
    FieldSpec(name="contributor", needs_column=True, may_be_empty=False, characters_max=200),
    FieldSpec(name="value", needs_column=True, may_be_empty=False, characters_max=400),
    FieldSpec(name="judgment", characters_max=KEY_MAX),
    FieldSpec(name="reason", characters_max=REASON_MAX),
    FieldSpec(name="guideline", characters_max=32),
    FieldSpec(name="started_at", type=FieldType.INSTANT),
    FieldSpec(name="made_at", type=FieldType.INSTANT, counted_from="started_at"),
    *TEXT_FIELDS,
    FieldSpec(name="topic", characters_max=200),
)


class JudgmentRow(NamedTuple):
    """One judgment; `contributor` as its source calls them, `key` the source's own or "".

    content, topic   of the item, where the file says it beside the judgment
    """

    item: str
    contributor: str
    value: str
    key: str
    reason: str
    guideline: str
    started_at: AwareDatetime | None
    made_at: AwareDatetime | None
    content: Mapping[str, str]
    topic: str

    @property
    def identity(self) -> str:
        """Return what makes it the same judgment when it is told again.

        Its source's own key; without one, the item, who judged it, and when.
        """
        if self.key:
            return identity_of("judgment", self.key)
        at = "" if self.made_at is None else self.made_at.isoformat()
        return identity_of("judged", self.item, self.contributor, at)


def judgment_of(record: Record, rules: ValueRules) -> JudgmentRow:
    """Return the judgment.

    raises   Flaw: an answer that the project does not take, or made before it was begun
    """
    started_at, made_at = record.instant("started_at"), record.instant("made_at")
    if started_at is not None and made_at is not None and made_at < started_at:
        raise Flaw("made_at", "it was made before it was begun", "Mend one of the two instants.")
    return JudgmentRow(
        item=record.text("item"),
        contributor=record.text("contributor"),
        value=rules.read(record.text("value")),
        key=record.text("judgment"),
        reason=record.text("reason"),
        guideline=record.text("guideline"),
        started_at=started_at,
        made_at=made_at,
        content=content_of(record),
        topic=record.text("topic").strip(),
    )
