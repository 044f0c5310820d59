"""What a release says of itself beside its rows, and the same from the JSON of its manifest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TypeVar

from scuderia.basics.canonical import canonical_json
from scuderia.basics.clock import require_aware
from scuderia.basics.errors import BadInput
from scuderia.datasets.nouns import ProjectKind

Scalar = str | int | float | bool | None
ValueT = TypeVar("ValueT")


class BadReleaseFacts(BadInput):
    """What is said of a release cannot be written, or is none of what a release says."""

    code = "DATA-081"
    remedy = "Give each fact as its kind of value, in text that has a UTF-8."


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """One set that the release was held against: its name, its hash and how many items it has."""

    name: str
    sha256: str
    items: int


@dataclass(frozen=True, slots=True)
class DecontaminationProof:
    """Which items were compared with which evaluation sets, and what was taken out.

    method      the comparison in words: "exact join, Jaccard on character 5-grams"
    threshold   an item at or above it was taken out
    compared    how many items were compared
    removed     the keys that were taken out
    """

    method: str
    threshold: float
    compared: int
    sets: tuple[EvaluationSet, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What the manifest and the cards say of a release.

    label        what people call this release: "1.0.0"
    query        how its rows were chosen
    parameters   of the aggregator
    counts       judgments, contributors, items and what else was counted
    taxonomies   of each attribute, how many rows bear each value
    figures      agreement and the like, each with its denominator and interval, as text
    created_at   given by whoever releases: this engine reads no clock
    license      an identifier of the Hub's or SPDX's: "cc-by-4.0"
    creator      the organisation that answers for it
    collected, contributors, biases, limits   in words, as the cards tell them
    """

    project: str
    title: str
    kind: ProjectKind
    label: str
    query: str
    rubric: str
    rubric_version: str
    guideline_versions: tuple[str, ...]
    aggregator: str
    parameters: Mapping[str, Scalar]
    seed: int
    counts: Mapping[str, int]
    taxonomies: Mapping[str, Mapping[str, int]]
    created_at: datetime
    license: str = "other"
    creator: str = ""
    languages: tuple[str, ...] = ()
    figures: Mapping[str, str] | None = None
    collected: str = ""
    contributors: str = ""
    biases: str = ""
    limits: str = ""
    decontamination: DecontaminationProof | None = None


def facts_json(facts: ReleaseFacts) -> dict[str, object]:
    """Return the facts as JSON's own types.

    raises   BadReleaseFacts: text without a UTF-8, an instant without its zone, a number that is
             none
    """
    try:
        told = {field.name: getattr(facts, field.name) for field in fields(ReleaseFacts)}
        told["kind"] = facts.kind.value
        told["created_at"] = (
            require_aware(facts.created_at, field="created_at").astimezone(UTC).isoformat()
        )
        told["guideline_versions"] = list(facts.guideline_versions)
        told["languages"] = list(facts.languages)
        told["parameters"] = dict(facts.parameters)
        told["counts"] = dict(facts.counts)
        told["figures"] = dict(facts.figures or {})
        told["taxonomies"] = {name: dict(of) for name, of in facts.taxonomies.items()}
        told["decontamination"] = _proof_json(facts.decontamination)
        canonical_json(told).encode()
    except UnicodeEncodeError as error:
        near = error.object[max(0, error.start - 40) : error.start]
        raise BadReleaseFacts(f"half of a pair, no text, after {near!r}") from None
    except (TypeError, ValueError) as error:
        raise BadReleaseFacts(str(error)) from None
    return told


def facts_from_json(told: object) -> ReleaseFacts:
    """Return the facts that a manifest tells.

    raises   BadReleaseFacts: a fact is absent, strange or of another type
    """
    object_ = _mapping(told, "facts", lambda value, _: value)
    names = {field.name for field in fields(ReleaseFacts)}
    if object_.keys() != names:
        strange = sorted(object_.keys() ^ names)
        raise BadReleaseFacts(f"absent or strange: {', '.join(strange)[:200]}")
    texts = {
        name: _text(object_[name], name)
        for name in (
            "project", "title", "label", "query", "rubric", "rubric_version", "aggregator",
            "license", "creator", "collected", "contributors", "biases", "limits",
        )
    }  # fmt: skip
    try:
        kind = ProjectKind(_text(object_["kind"], "kind"))
        created_at = datetime.fromisoformat(_text(object_["created_at"], "created_at"))
    except ValueError as error:
        raise BadReleaseFacts(str(error)) from None
    return ReleaseFacts(
        **texts,
        kind=kind,
        created_at=created_at,
        guideline_versions=_tuple(object_["guideline_versions"], "guideline_versions", _text),
        languages=_tuple(object_["languages"], "languages", _text),
        parameters=_mapping(object_["parameters"], "parameters", _scalar),
        seed=_whole(object_["seed"], "seed"),
        counts=_mapping(object_["counts"], "counts", _whole),
        figures=_mapping(object_["figures"], "figures", _text),
        taxonomies=_mapping(
            object_["taxonomies"], "taxonomies", lambda of, name: _mapping(of, name, _whole)
        ),
        decontamination=_proof(object_["decontamination"]),
    )


def _proof_json(proof: DecontaminationProof | None) -> dict[str, object] | None:
    if proof is None:
        return None
    return {
        "method": proof.method,
        "threshold": proof.threshold,
        "compared": proof.compared,
        "sets": [
            {"name": one.name, "sha256": one.sha256, "items": one.items} for one in proof.sets
        ],
        "removed": sorted(proof.removed),
    }


def _proof(told: object) -> DecontaminationProof | None:
    if told is None:
        return None
    proof = _mapping(told, "decontamination", lambda value, _: value)
    try:
        return DecontaminationProof(
            method=_text(proof["method"], "method"),
            threshold=float(_number(proof["threshold"], "threshold")),
            compared=_whole(proof["compared"], "compared"),
            sets=_tuple(proof["sets"], "sets", _evaluation_set),
            removed=_tuple(proof["removed"], "removed", _text),
        )
    except KeyError as error:
        raise BadReleaseFacts(f"decontamination: no {error}") from None


def _evaluation_set(told: object, name: str) -> EvaluationSet:
    one = _mapping(told, name, lambda value, _: value)
    return EvaluationSet(
        _text(one.get("name"), name), _text(one.get("sha256"), name), _whole(one.get("items"), name)
    )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise BadReleaseFacts(f"{name}: text, not {type(value).__name__}")
    return value


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadReleaseFacts(f"{name}: a whole number, not {type(value).__name__}")
    return value


def _number(value: object, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise BadReleaseFacts(f"{name}: a number, not {type(value).__name__}")
    return value


def _scalar(value: object, name: str) -> Scalar:
    if value is not None and not isinstance(value, str | int | float | bool):
        raise BadReleaseFacts(f"{name}: text, a number or a truth, not {type(value).__name__}")
    return value


def _tuple(value: object, name: str, of: Callable[[object, str], ValueT]) -> tuple[ValueT, ...]:
    if not isinstance(value, list):
        raise BadReleaseFacts(f"{name}: a list, not {type(value).__name__}")
    return tuple(of(one, name) for one in value)


def _mapping(value: object, name: str, of: Callable[[object, str], ValueT]) -> dict[str, ValueT]:
    if not isinstance(value, dict):
        raise BadReleaseFacts(f"{name}: an object, not {type(value).__name__}")
    return {str(key): of(one, f"{name}.{key}"[:200]) for key, one in value.items()}
