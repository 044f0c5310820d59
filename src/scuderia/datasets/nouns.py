"""The datasets room's words: projects, what is asked of whom, and what they answered."""

from dataclasses import dataclass
from enum import StrEnum


class DataPower(StrEnum):
    """What a person may do with projects beside reading them."""

    RUN_PROJECTS = "run_projects"


class ProjectKind(StrEnum):
    """What a contributor is asked of an item.

    PAIRWISE   which of two texts is better, "a" or "b", or "tie"
    LABEL      one of the project's labels
    RATING     a number on the project's scale
    RANKING    the order of the item's texts, best first
    """

    PAIRWISE = "pairwise"
    LABEL = "label"
    RATING = "rating"
    RANKING = "ranking"


class ProjectState(StrEnum):
    """Where a project stands: only an active one takes judgments."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


class Stage(StrEnum):
    """How far a project is trusted: tried out, then with its quality shown, then at volume."""

    CALIBRATION = "calibration"
    QUALITY = "quality"
    PRODUCTION = "production"


class ContributorKind(StrEnum):
    """Who judges: a person, or a model whose answers come by file or API."""

    PERSON = "person"
    MODEL = "model"


class TruthMethod(StrEnum):
    """How the true label of an item is told from the votes on it; docs/truth.md has each."""

    MAJORITY = "majority"
    DS = "ds"
    ONECOIN = "onecoin"
    BWA = "bwa"
    EBCC = "ebcc"
    MACE = "mace"
    GLAD = "glad"


class AgreementMetric(StrEnum):
    """How far two answers are apart: not alike; by ranks between; by the square of the gap."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


class RepeatRule(StrEnum):
    """Which of one rater's answers to one unit count."""

    FIRST = "first"
    LAST = "last"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Removal:
    """A row that goes, the kept row that it repeats, and how much of their 5-grams they share."""

    row: int
    twin: int
    jaccard: float


@dataclass(frozen=True, slots=True)
class Twin:
    """A text of an index that a new one repeats; `entry` is its place, from 0."""

    entry: int
    jaccard: float


@dataclass(frozen=True, slots=True)
class AlikePair:
    """The first rows of two sets that differ and are alike, and how much they share."""

    a: int
    b: int
    jaccard: float


class Severity(StrEnum):
    """How strictly lots are looked at, by ISO 2859-1's switching rules."""

    NORMAL = "normal"
    TIGHTENED = "tightened"
    REDUCED = "reduced"
    DISCONTINUED = "discontinued"


class LotResult(StrEnum):
    """How a lot fared; the letter is what a history is written with.

    ACCEPTED_TIGHTER   accepted, and would have been at the next lower AQL too
    """

    ACCEPTED_TIGHTER = "A"
    ACCEPTED = "a"
    REJECTED = "r"


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """Draw n items and accept with at most c bad ones; how likely that is at the AQL and LTPD."""

    n: int
    c: int
    accepted_at_aql: float
    accepted_at_ltpd: float


@dataclass(frozen=True, slots=True)
class OcPoint:
    """A lot with so many bad items, and how likely a plan accepts it."""

    bad: int
    share: float
    accepted: float


@dataclass(frozen=True, slots=True)
class Spread:
    """How evenly items are spread over values.

    entropy     in nats
    effective   how many equally common values would have that entropy
    largest     share of the commonest value
    """

    items: int
    values: int
    entropy: float
    effective: float
    largest: float


@dataclass(frozen=True, slots=True)
class ContaminationMatch:
    """A row of a dataset and the item of an evaluation set that it is most like, both from 0."""

    row: int
    set_name: str
    item: int
    jaccard: float


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """A set that a dataset was compared with; `matched` of its items are like some row."""

    name: str
    sha256: str
    items: int
    matched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContaminationProof:
    """That every row was compared with every item, exactly, and what was found.

    sha256    of the dataset's file, as it was read
    removed   rows that are like an item: without them none is; in order
    matches   for each removed row its likest item of each set that has one
    """

    file: str
    sha256: str
    rows: int
    threshold: str
    compared: str
    sets: tuple[EvaluationSet, ...]
    removed: tuple[int, ...]
    matches: tuple[ContaminationMatch, ...]
