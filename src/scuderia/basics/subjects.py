"""What a fact is about (SubjectRef) and where it hangs (a lineage of subjects)."""

import re
from dataclasses import dataclass
from typing import Self, TypeAlias

from scuderia.basics.errors import BadInput

_KIND = re.compile(r"[a-z][a-z_]{0,31}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}")


@dataclass(frozen=True, slots=True, order=True)
class SubjectRef:
    """One thing in the world, written `kind:name`, e.g. `node:r01-n03`. `*` is everything."""

    kind: str
    name: str

    def __str__(self) -> str:
        return "*" if self.kind == "*" else f"{self.kind}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `kind:name` or `*`.

        raises   BadInput: anything else, an over-long or an outlandish name included
        """
        if text == "*":
            return cls("*", "*")
        kind, _, name = text.partition(":")
        if not _KIND.fullmatch(kind) or not _NAME.fullmatch(name):
            message = f"not a subject: {text[:80]!r}"
            raise BadInput(message, remedy="Write kind:name, e.g. node:r01-n03, or * for all.")
        return cls(kind, name)


EVERYTHING = SubjectRef("*", "*")

Lineage: TypeAlias = frozenset[SubjectRef]
"""A subject, everything it hangs under (rack, cluster, site, customer), and EVERYTHING."""


def covers(scope: SubjectRef, lineage: Lineage) -> bool:
    """Say whether a power held on `scope` reaches the subject with this lineage."""
    return scope == EVERYTHING or scope in lineage
