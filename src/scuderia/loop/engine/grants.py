"""How far an agent may go: the most specific grant in force, else act once approved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.basics.subjects import Lineage, SubjectRef, covers
from scuderia.loop.nouns import Autonomy, GrantId

DEFAULT_LEVEL = Autonomy.ACT_ONCE_APPROVED
HIGHEST_BUILT = Autonomy.ACT_ONCE_APPROVED


class LevelNotBuilt(Refused):
    """Levels 3 and 4 are modelled and not built: nobody may be given them yet."""

    code = "LOOP-005"
    remedy = "Give level 2 or lower: every action then waits for a person's yes."


@dataclass(frozen=True, slots=True)
class Given:
    """A grant as the choice of level sees it.

    kind         the action kind, "*" for every kind
    expires_at   it holds before this instant, no longer at it
    depth        how deep its scope hangs, 0 for everything: the deeper, the more specific
    """

    id: GrantId
    kind: str
    scope: SubjectRef
    level: Autonomy
    expires_at: AwareDatetime
    depth: int


def refuse_unbuilt(level: Autonomy) -> None:
    """Raise LevelNotBuilt for a level that does not act yet."""
    if level > HIGHEST_BUILT:
        raise LevelNotBuilt(f"autonomy {level.value} is not built yet", level=level.value)


def grant_in_force(
    grants: Sequence[Given], *, kind: str, lineage: Lineage, at: AwareDatetime
) -> Given | None:
    """Return the most specific grant over one target; of equals, the most cautious.

    A named kind is more specific than "*"; a scope that hangs deeper, than one above it.
    """
    candidates = [
        grant
        for grant in grants
        if grant.kind in (kind, "*") and covers(grant.scope, lineage) and at < grant.expires_at
    ]
    return max(
        candidates,
        key=lambda grant: (grant.kind != "*", grant.depth, -grant.level.value),
        default=None,
    )


def most_cautious(
    grants: Sequence[Given], *, kind: str, lineages: Mapping[SubjectRef, Lineage], at: AwareDatetime
) -> tuple[Autonomy, Given | None]:
    """Return the lowest level over all targets, and the grant that gives it (None: the default)."""
    found = [
        grant_in_force(grants, kind=kind, lineage=lineage, at=at) for lineage in lineages.values()
    ]
    levels = [(grant.level if grant else DEFAULT_LEVEL, grant) for grant in found]
    return min(
        levels, key=lambda pair: (pair[0].value, pair[1] is None), default=(DEFAULT_LEVEL, None)
    )
