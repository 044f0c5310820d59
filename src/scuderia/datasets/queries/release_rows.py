"""What of a project can be released: each item's value, from the judgments that stand."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from scuderia.datasets.engine.judgment_values import BETTER
from scuderia.datasets.engine.release_facts import Scalar
from scuderia.datasets.engine.releases import ReleaseRow, RowValue
from scuderia.datasets.models.judgments import ProjectItem
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import ProjectKind, TruthMethod
from scuderia.datasets.queries.project_votes import (
    JudgedItem,
    ProjectJudgments,
    as_votes,
    project_gold,
    project_judgments,
)
from scuderia.datasets.queries.truth import AUTO, TruthAnswer, truth_of
from scuderia.datasets.queries.vote_files import BadVotes

_VOTED = (ProjectKind.PAIRWISE, ProjectKind.LABEL)


@dataclass(frozen=True, slots=True)
class Releasable:
    """The rows of a release, and how their values came about.

    left_out     items with fewer judgments than were asked for
    accuracy     on the items whose answer is known, `gold` of them; None without any
    taxonomies   of each attribute, how many rows bear each value
    """

    rows: tuple[ReleaseRow, ...]
    aggregator: str
    parameters: Mapping[str, Scalar]
    guidelines: tuple[str, ...]
    judgments: int
    contributors: int
    left_out: int
    accuracy: float | None
    gold: int
    taxonomies: Mapping[str, Mapping[str, int]]


def releasable(project: Project, *, at_least: int, method: str = AUTO) -> Releasable:
    """Return what can be released of a project.

    at_least   judgments that an item must have
    method     which of two labels or sides is believed; ratings are their mean, rankings the
               order of mean places
    raises     UnknownMethod, BadVotes: nothing can be told by that method
    """
    kind = ProjectKind(project.kind)
    judged = project_judgments(project, at_least=at_least)
    items = {
        item.key: item
        for item in ProjectItem.objects.filter(project=project).iterator(chunk_size=5_000)
    }
    told = _truth(project, judged, method) if kind in _VOTED and judged.items else None
    rows = tuple(_row(kind, key, items[key], said, told) for key, said in judged.items.items())
    taxonomies: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for name, value in row.attributes.items():
            taxonomies[name][value] += 1
    return Releasable(
        rows=rows,
        aggregator=told.method.value if told else _AGGREGATORS.get(kind, "none"),
        parameters=(
            {"chosen_on": told.chosen_on, "tied": told.tied, "repeated": told.repeated}
            if told
            else {}
        ),
        guidelines=judged.guidelines,
        judgments=judged.judgments,
        contributors=judged.contributors,
        left_out=len(items) - len(rows),
        accuracy=told.accuracy if told else None,
        gold=told.gold_items if told else 0,
        taxonomies={name: dict(of) for name, of in taxonomies.items()},
    )


_AGGREGATORS = {ProjectKind.RATING: "mean", ProjectKind.RANKING: "mean place"}


def _truth(project: Project, judged: ProjectJudgments, method: str) -> TruthAnswer:
    voted = as_votes(judged, f"project {project.name}")
    known = project_gold(project, voted)
    try:
        return truth_of(voted, known, method)
    except BadVotes:
        if method != AUTO:
            raise
        return truth_of(voted, known, TruthMethod.MAJORITY)


def _row(
    kind: ProjectKind, key: str, item: ProjectItem, said: JudgedItem, told: TruthAnswer | None
) -> ReleaseRow:
    votes = Counter(value for _, value in said.said.values())
    texts = _texts(kind, item.content)
    value: RowValue
    if told:
        value = told.labels[key]
    elif kind is ProjectKind.RATING:
        value = sum(float(number) * many for number, many in votes.items()) / votes.total()
    else:
        texts, value = _ranked(texts, votes)
    return ReleaseRow(
        key=key,
        kind=kind,
        prompt=item.content.get("prompt", ""),
        texts=texts,
        value=value,
        confidence=told.probabilities[key] if told else None,
        votes=dict(sorted(votes.items())),
        attributes=dict(item.attributes),
        judgments=tuple(said.said),
    )


def _texts(kind: ProjectKind, content: Mapping[str, str]) -> tuple[str, ...]:
    if kind is ProjectKind.PAIRWISE:
        return content.get("a", ""), content.get("b", "")
    if kind is ProjectKind.RANKING:
        return tuple(line.strip() for line in content.get("options", "").splitlines() if line)
    return (content.get("text", ""),)


def _ranked(
    texts: tuple[str, ...], votes: Mapping[str, int]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the options, and their places by the mean of where each was put, best first.

    Options are named by their text, or by their number from 1; where neither is known here, the
    names stand for the texts.
    """
    put: dict[str, int] = defaultdict(int)
    for order, many in votes.items():
        for place, option in enumerate(order.split(BETTER)):
            put[option] += place * many
    best = sorted(put, key=lambda option: (put[option], option))
    numbered = {str(number): number - 1 for number in range(1, len(texts) + 1)}
    named = {text: number for number, text in enumerate(texts)}
    for known in (named, numbered):
        if put.keys() <= known.keys():
            return texts, tuple(known[option] for option in best)
    names = tuple(sorted(put))
    return names, tuple(names.index(option) for option in best)
