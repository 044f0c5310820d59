"""Labels of nodes, in Kubernetes' syntax for keys and values, and what a selector of them means."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scuderia.basics.errors import BadInput

LABELS_MAX = 32
NAME_MAX = 63
PREFIX_MAX = 253
KEY_MAX = PREFIX_MAX + 1 + NAME_MAX
SELECTORS_MAX = 16
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class BadLabel(BadInput):
    """A label's key or value is none by Kubernetes' syntax, or a node would bear too many."""

    code = "FLEET-060"
    remedy = "Write key=value, e.g. pool=training or example.com/tier=a; at most 32 a node."


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """What nodes must bear: the key with this value, or with `is_not` anything else or no such key.

    As in Kubernetes, `key!=value` holds of a node that does not bear the key.
    """

    key: str
    value: str
    is_not: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Say whether a node with these labels is meant."""
        return (labels.get(self.key) == self.value) != self.is_not

    def __str__(self) -> str:
        return f"{self.key}{'!=' if self.is_not else '='}{self.value}"


def read_selectors(texts: Sequence[str]) -> tuple[LabelSelector, ...]:
    """Return what `key=value`, `key==value` and `key!=value` say; a node must meet all of them.

    raises   BadLabel
    """
    if len(texts) > SELECTORS_MAX:
        raise BadLabel(f"{len(texts)} selectors are more than {SELECTORS_MAX}")
    return tuple(map(_selector, texts))


def _selector(text: str) -> LabelSelector:
    key, sign, value = text.partition("!=")
    if sign:
        return LabelSelector(*_label(key, value), is_not=True)
    key, sign, value = text.partition("=")
    if not sign:
        raise BadLabel(f"{text[:80]!r} says no key=value and no key!=value")
    return LabelSelector(*_label(key, value.removeprefix("=")))


def read_changes(texts: Iterable[str]) -> dict[str, str | None]:
    """Return what `key=value` sets and `key-` takes away (None), by key.

    raises   BadLabel
    """
    changes: dict[str, str | None] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign and not key.endswith("-"):
            raise BadLabel(f"{text[:80]!r} says neither key=value nor key-")
        key = key if sign else key[:-1]
        if key in changes:
            raise BadLabel(f"the key {key[:80]!r} is named twice")
        changes[key] = value if sign else None
    return changes


def changed_labels(
    labels: Mapping[str, str], changes: Mapping[str, str | None]
) -> Mapping[str, str]:
    """Return the labels after these changes; a key that is not there may be taken away.

    raises   BadLabel
    """
    for key, value in changes.items():
        _label(key, value or "")
    found = {**labels, **changes}
    left = {key: value for key, value in sorted(found.items()) if value is not None}
    if len(left) > LABELS_MAX:
        raise BadLabel(f"a node would bear {len(left)} labels, more than {LABELS_MAX}")
    return left


def labels_in(text: str) -> Mapping[str, str]:
    """Return the labels that a text such as `pool=training, tier=a` tells.

    raises   BadLabel
    """
    told = read_changes(text.replace(",", " ").replace(";", " ").split())
    if taken := next((key for key, value in told.items() if value is None), None):
        raise BadLabel(f"{taken[:80]!r} says no value")
    return changed_labels({}, told)


def labels_text(labels: Mapping[str, str]) -> str:
    """Return the labels as one text, by key, as `labels_in` reads it."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _label(key: str, value: str) -> tuple[str, str]:
    """Return key and value if they are such by Kubernetes' syntax.

    raises   BadLabel
    """
    prefix, slash, name = key.rpartition("/")
    is_prefixed = 0 < len(prefix) <= PREFIX_MAX and _PREFIX.fullmatch(prefix) is not None
    if (slash and not is_prefixed) or len(name) > NAME_MAX or not _NAME.fullmatch(name):
        raise BadLabel(f"{key[:80]!r} is no key of a label")
    if value and (len(value) > NAME_MAX or not _NAME.fullmatch(value)):
        raise BadLabel(f"{value[:80]!r} is no value of a label")
    return key, value
