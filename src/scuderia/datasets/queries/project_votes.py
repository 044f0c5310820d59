"""A project's standing judgments, by item, and as votes that a method of truth can weigh."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from scuderia.datasets.engine.votes import votes_of
from scuderia.datasets.models.judgments import Judgment, ProjectItem
from scuderia.datasets.models.projects import Project
from scuderia.datasets.queries.vote_files import GoldFile, VoteFile

_AT_ONCE = 5_000


@dataclass(slots=True)
class JudgedItem:
    """What was said of one item.

    said   the judgments that stand, by their keys: (contributor, value)
    """

    said: dict[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProjectJudgments:
    """All that stands of a project, items by key in order; `guidelines` it was made under."""

    items: Mapping[str, JudgedItem]
    guidelines: tuple[str, ...]
    contributors: int

    @property
    def judgments(self) -> int:
        """Return how many judgments there are."""
        return sum(len(item.said) for item in self.items.values())


def project_judgments(project: Project, *, at_least: int = 1) -> ProjectJudgments:
    """Return what stands of a project, of the items with at least so many judgments."""
    found: dict[str, JudgedItem] = {}
    guidelines: set[str] = set()
    rows = Judgment.objects.filter(project=project).order_by("item_key", "key")
    columns = ("item_key", "key", "contributor_id", "value", "guideline")
    for item, key, contributor, value, guideline in rows.values_list(*columns).iterator(
        chunk_size=_AT_ONCE
    ):
        found.setdefault(item, JudgedItem()).said[key] = (contributor, value)
        guidelines.add(guideline)
    kept = {key: item for key, item in found.items() if len(item.said) >= at_least}
    who = {contributor for item in kept.values() for contributor, _ in item.said.values()}
    return ProjectJudgments(kept, tuple(sorted(guidelines)), len(who))


def as_votes(judged: ProjectJudgments, file: str) -> VoteFile:
    """Return the judgments as votes: of a contributor's several on an item, the first by key."""
    items = {key: place for place, key in enumerate(judged.items)}
    labels = sorted({v for item in judged.items.values() for _, v in item.said.values()})
    label_of = {label: place for place, label in enumerate(labels)}
    workers: dict[int, int] = {}
    told: list[tuple[int, int, int]] = []
    repeated = 0
    for key, item in judged.items.items():
        seen: set[int] = set()
        for contributor, value in item.said.values():
            if contributor in seen:
                repeated += 1
                continue
            seen.add(contributor)
            worker = workers.setdefault(contributor, len(workers))
            told.append((items[key], worker, label_of[value]))
    columns = np.array(told, dtype=np.int64).reshape(-1, 3)
    return VoteFile(
        file=file,
        votes=votes_of(columns[:, 0], columns[:, 1], columns[:, 2], n_items=len(items)),
        items=tuple(items),
        workers=tuple(map(str, workers)),
        labels=tuple(labels),
        repeated=repeated,
    )


def project_gold(project: Project, voted: VoteFile) -> GoldFile | None:
    """Return the known answers of a project's items; None where there are none."""
    rows = ProjectItem.objects.filter(project=project).exclude(gold="").order_by("key")
    place = {key: number for number, key in enumerate(voted.items)}
    label = {name: number for number, name in enumerate(voted.labels)}
    known = dict(rows.values_list("key", "gold"))
    here = {key: gold for key, gold in known.items() if key in place}
    if not here:
        return None
    return GoldFile(
        np.array([place[key] for key in here], dtype=np.int64),
        np.array([label.get(gold, -1) for gold in here.values()], dtype=np.int64),
        len(known) - len(here),
    )
