"""Where a subject hangs."""

from collections.abc import Collection, Sequence

from scuderia.basics.errors import NotFound, Refused
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.ports import LineagesOf, registry


def lineage_of(subject: SubjectRef) -> Lineage:
    """Return where the subject hangs; a subject nobody knows hangs under EVERYTHING alone.

    raises   NotFound: its room knows no such subject
    """
    source = registry.lineages.get(subject.kind)
    if source is None:
        return frozenset({subject, EVERYTHING})
    return source.lineage(subject) | {subject, EVERYTHING}


def lineages_of(subjects: Collection[SubjectRef]) -> dict[SubjectRef, Lineage]:
    """Return where each hangs: asked together of a room that can be asked so.

    raises   NotFound: its room knows no such subject
    """
    found: dict[SubjectRef, Lineage] = {}
    for kind in {subject.kind for subject in subjects}:
        source: object = registry.lineages.get(kind)
        mine = [subject for subject in subjects if subject.kind == kind]
        if isinstance(source, LineagesOf):
            told = source.lineages(mine)
            found |= {subject: told[subject] | {subject, EVERYTHING} for subject in mine}
        else:
            found |= {subject: lineage_of(subject) for subject in mine}
    return found


def known_lineage(subject: SubjectRef) -> Lineage:
    """Return where the subject hangs, or under EVERYTHING alone while its room does not know it."""
    try:
        return lineage_of(subject)
    except Refused:
        return frozenset({subject, EVERYTHING})


def common_lineage(targets: tuple[SubjectRef, ...]) -> Lineage:
    """Return what EVERY target hangs under; a role must stand on one of these to reach them."""
    lineages = [lineage_of(target) for target in targets] or [frozenset({EVERYTHING})]
    return frozenset.intersection(*lineages)


def union_lineage(targets: tuple[SubjectRef, ...]) -> Lineage:
    """Return what ANY target hangs under; a brake on one of these stops them all."""
    return frozenset({EVERYTHING}).union(*(lineage_of(target) for target in targets))


def reach_of(targets: Sequence[SubjectRef]) -> Lineage:
    """Return what ANY target hangs under; of one that is gone its name alone still counts.

    So what stands on a subject by name, a brake or a rule, holds when its room forgot it.
    """
    try:
        return union_lineage(tuple(targets))
    except Refused:
        return frozenset({*targets, EVERYTHING})


def live_lineage(proposal: Proposal) -> Lineage:
    """Return what every target hangs under now; as it was filed when a target is gone."""
    try:
        return common_lineage(tuple(map(SubjectRef.parse, proposal.targets)))
    except NotFound:
        return kept_lineage(proposal)


def kept_lineage(proposal: Proposal) -> Lineage:
    """Return what every target hung under when the plan was last bound."""
    kept = proposal.scopes.values_list("scope", flat=True)
    return frozenset(SubjectRef.parse(scope) for scope in kept)


def told_lineage(proposal: Proposal) -> Lineage:
    """Return where what is told of the proposal hangs: where its targets did, and where they do.

    An action moves its own targets, and who was shown the proposal is shown what came of it.
    """
    return live_lineage(proposal) | kept_lineage(proposal)
