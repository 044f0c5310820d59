"""Of what nothing is heard any more, as the rooms that know subjects tell it."""

from collections import defaultdict
from collections.abc import Iterable

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.ports import registry


def silent_since(subjects: Iterable[SubjectRef]) -> dict[SubjectRef, AwareDatetime]:
    """Return the subjects whose source does not answer, and since when; the others are heard."""
    by_kind: dict[str, list[SubjectRef]] = defaultdict(list)
    for subject in sorted(set(subjects)):
        by_kind[subject.kind].append(subject)
    found: dict[SubjectRef, AwareDatetime] = {}
    for source in {id(one): one for one in registry.silences.values()}.values():
        asked = [one for kind in sorted(source.kinds) for one in by_kind[kind]]
        if asked:
            found |= source.silent_since(asked)
    return found
