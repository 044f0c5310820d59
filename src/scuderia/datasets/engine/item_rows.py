"""What a row of a file of items says: what is judged, what it is about, and a known answer."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from scuderia.datasets.engine.judgment_values import ValueRules
from scuderia.intake.fields import FieldSpec, Record
from scuderia.intake.records import Flaw

KEY_MAX = 200
TEXT_MAX = 200_000
ATTRIBUTES_MAX = 32
ATTRIBUTE_CHARACTERS_MAX = 200
TEXTS = ("prompt", "a", "b", "text", "options")
"""The columns that hold what is judged."""

TEXT_FIELDS = tuple(FieldSpec(name=name, characters_max=TEXT_MAX) for name in TEXTS)
FIELDS = (
    FieldSpec(name="item", needs_column=True, may_be_empty=False, characters_max=KEY_MAX),
    *TEXT_FIELDS,
    FieldSpec(name="topic", characters_max=ATTRIBUTE_CHARACTERS_MAX),
    FieldSpec(name="attributes", characters_max=8_000),
    FieldSpec(name="gold", characters_max=400),
)


class ItemRow(NamedTuple):
    """One item; `content` holds the texts that it has."""

    item: str
    content: Mapping[str, str]
    attributes: Mapping[str, str]
    gold: str


def item_of(record: Record, rules: ValueRules) -> ItemRow:
    """Return the item.

    raises   Flaw: attributes that are no object of texts, a gold answer that nobody could give
    """
    gold = record.text("gold").strip()
    attributes = attributes_of(record.text("attributes"))
    topic = record.text("topic").strip()
    return ItemRow(
        record.text("item"),
        content_of(record),
        attributes | ({"topic": topic} if topic else {}),
        rules.read(gold, field="gold") if gold else "",
    )


def content_of(record: Record) -> dict[str, str]:
    """Return the texts that a record says."""
    return {name: text for name in TEXTS if (text := record.text(name))}


def attributes_of(text: str) -> dict[str, str]:
    """Read a JSON object of texts, e.g. {"language": "de"}.

    raises   Flaw
    """
    if not text.strip():
        return {}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or len(said) > ATTRIBUTES_MAX:
        found = f"it is no JSON object of at most {ATTRIBUTES_MAX} attributes"
        raise Flaw("attributes", found, 'Write {"language": "de"}.')
    for name, value in said.items():
        if not isinstance(value, str) or not 0 < len(name) <= ATTRIBUTE_CHARACTERS_MAX:
            raise Flaw("attributes", f"{name[:40]!r} is no text", "Write each value as a text.")
        if len(value) > ATTRIBUTE_CHARACTERS_MAX:
            found = f"{name[:40]!r} is longer than {ATTRIBUTE_CHARACTERS_MAX} characters"
            raise Flaw("attributes", found, "Shorten it; long texts belong in the item.")
    return dict(said)
