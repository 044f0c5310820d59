"""What a decision is bound to: canonical parameters, and the digest of exactly what is done."""

import math
from collections.abc import Iterable, Mapping, Sequence

from scuderia.basics.canonical import JsonObject, JsonValue, sha256_of
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.powers import POWERS_OF_ROLE
from scuderia.loop.nouns import ActionKind, Digest, ParamSpec, Plan

POLICY = 1
"""Raised when a rule of the loop changes so that older decisions must be made again."""
TEXT_CHARACTERS_MAX = 500
TARGETS_MAX = 10_000
_TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "subject": (str,),
    "int": (int,),
    "float": (int, float),
}


class BadParams(BadInput):
    """A parameter is unknown, missing, of another type, or out of bounds."""

    code = "LOOP-004"
    remedy = "Give the parameters that the action kind declares, within their bounds."


def canonical_params(kind: ActionKind, params: JsonObject) -> dict[str, JsonValue]:
    """Return the parameters as the kind declares them, defaults filled in.

    raises   BadParams: naming every parameter that is unknown, missing or out of bounds
    """
    declared = {spec.name: spec for spec in kind.params}
    wrong = [f"{name} is not a parameter" for name in sorted(set(params) - set(declared))]
    kept: dict[str, JsonValue] = {}
    for name, spec in declared.items():
        value = params.get(name, spec.default)
        if value is None:
            wrong += [f"{name} is missing"] if spec.required else []
            continue
        fault = _fault(spec, value)
        if fault:
            wrong.append(f"{name} {fault}")
        else:
            kept[name] = float(value) if spec.kind == "float" else value  # type: ignore[arg-type]
    if wrong:
        raise BadParams(f"{kind.name}: {'; '.join(wrong)}", kind=kind.name)
    return kept


def refuse_bad_targets(targets: Sequence[SubjectRef]) -> None:
    """Raise BadParams for no targets, the same target twice, or more than any kind could mean."""
    if not targets:
        raise BadParams("no targets")
    if len(set(targets)) != len(targets):
        raise BadParams("the same target is named twice")
    if len(targets) > TARGETS_MAX:
        raise BadParams(f"{len(targets)} targets")


def policy_version(kind: ActionKind, gates: Sequence[str]) -> str:
    """Return what stands for the rules in force: the powers, this kind's declaration, the gates."""
    return sha256_of(
        {
            "policy": POLICY,
            "roles": {role.value: sorted(powers) for role, powers in POWERS_OF_ROLE.items()},
            "gates": sorted(gates),
            "bound": [kind.blast.targets_max, kind.blast.share_max, kind.blast.denominator],
            "reversibility": kind.reversibility,
            "undo_kind": kind.undo_kind,
            "preconditions": kind.preconditions,
            "probe": kind.probe,
            "safe_direction": kind.safe_direction,
        }
    )[:16]


def plan_digest(plan: Plan) -> str:
    """Return the identity of the wish alone: kind, targets and parameters."""
    return sha256_of(_spelled(plan))


def digest_of(plan: Plan, *, kind_version: int, snapshot: JsonObject, policy: str) -> Digest:
    """Return the digest of exactly what will be done, and of the state it is done to."""
    return Digest(
        sha256_of(
            {
                **_spelled(plan),
                "kind_version": kind_version,
                "snapshot": snapshot,
                "policy": policy,
            }
        )
    )


def _spelled(plan: Plan) -> dict[str, object]:
    return {
        "kind": plan.kind,
        "targets": [str(target) for target in plan.targets],
        "params": plan.params,
    }


def _fault(spec: ParamSpec, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, _TYPES[spec.kind]):
        return f"must be {spec.kind}"
    if isinstance(value, str):
        return _text_fault(spec, value)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "must be finite"
    if spec.minimum is not None and value < spec.minimum:
        return f"is below {spec.minimum:g}"
    if spec.maximum is not None and value > spec.maximum:
        return f"is above {spec.maximum:g}"
    return ""


def _text_fault(spec: ParamSpec, value: str) -> str:
    if len(value) > TEXT_CHARACTERS_MAX:
        return f"is longer than {TEXT_CHARACTERS_MAX} characters"
    if spec.choices and value not in spec.choices:
        return f"is none of {', '.join(spec.choices)}"
    if spec.kind == "subject":
        try:
            SubjectRef.parse(value)
        except BadInput:
            return "is not a subject"
    return ""


def named_by(targets: Iterable[str], params: Mapping[str, object]) -> frozenset[str]:
    """Return what a stored plan names: its targets, and the value of each parameter as text."""
    return frozenset({*targets, *map(str, params.values())})
