"""Binding a plan to the world: its canonical parameters, snapshot, radius and digest."""

from collections.abc import Sequence
from dataclasses import dataclass

from scuderia.basics.canonical import JsonObject
from scuderia.basics.errors import Refused
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.digest import canonical_params, digest_of, refuse_bad_targets
from scuderia.loop.engine.json_codec import plain
from scuderia.loop.nouns import ActionKind, BlastRadius, Digest, Plan
from scuderia.loop.ports import executor_of, policy_of


class NothingToDo(Refused):
    """The plan has no effect, so there is nothing to decide."""

    code = "LOOP-015"
    remedy = "Propose a plan that changes something."


@dataclass(frozen=True, slots=True)
class Bound:
    """A plan as a decision would be bound to it at this moment."""

    plan: Plan
    declaration: ActionKind
    snapshot: JsonObject
    radius: BlastRadius
    policy: str
    digest: Digest

    @property
    def kind_version(self) -> int:
        """Return the version of the kind's declaration."""
        return self.declaration.version


def bind(kind: str, targets: Sequence[SubjectRef], params: JsonObject) -> Bound:
    """Look at the world and return what a digest names now.

    raises   UnknownKind, BadParams, NothingToDo; Unable when the world is silent
    """
    executor = executor_of(kind)
    refuse_bad_targets(targets)
    plan = Plan(kind, tuple(targets), canonical_params(executor.kind, params))
    if not executor.steps(plan):
        raise NothingToDo(f"{kind} has no steps for this plan")
    snapshot, policy = plain(executor.snapshot(plan)), policy_of(executor.kind)
    return Bound(
        plan=plan,
        declaration=executor.kind,
        snapshot=snapshot,
        radius=executor.blast_radius(plan),
        policy=policy,
        digest=digest_of(
            plan, kind_version=executor.kind.version, snapshot=snapshot, policy=policy
        ),
    )
