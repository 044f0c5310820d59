"""Every pair and triple of verbs racing: no effect twice, one undo an action, every run ends.

A verb reads, asks the world, and then writes in one transaction. The race is made at exactly
those seams: whenever the first verb is about to open its own transaction, or is in the middle of
asking or changing the world, the next verb runs whole, and the first goes on with what it had
read. Afterwards the workers run on until nothing moves, and every run must have ended. Which
races a run draws follows from SCUDERIA_SEED; SCUDERIA_RACES=all runs every pair from every stage.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from functools import partial
from itertools import product
from random import Random

import pytest
from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.errors import Refused, Unable
from scuderia.loop.models.actions import Action, DecisionUse
from scuderia.loop.models.brakes import Brake
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import ActionState, BrakeScope, ProposalState
from scuderia.loop.operations import (
    actions,
    audit,
    brakes,
    decisions,
    outcomes,
    proposal_filing,
    proposals,
    undo,
)
from tests.loop.factories import (
    NOW,
    Hall,
    later,
    make_cast,
    person,
    proposal_draft,
    registered,
    valves,
)

OMAR, LENA = person("omar"), person("lena")
ENDED = {ActionState.DONE, ActionState.FAILED, ActionState.UNDONE}
RACES = os.environ.get("SCUDERIA_RACES", "24")
"""Races drawn from each stage in a run, as many pairs as triples; "all" runs every pair."""
ROUNDS_MAX = 12
"""Rounds after which whatever still moves is taken to move for ever."""


def _proposal() -> Proposal:
    return Proposal.objects.filter(undo_of__isnull=True).earliest("filed_at", "pk")


def _action() -> Action:
    found = Action.objects.filter(undo_of__isnull=True).order_by("queued_at", "pk").first()
    if found is None:
        raise Refused("nothing is approved yet")
    return found


def _undoing() -> Action:
    found = Action.objects.filter(undo_of__isnull=False).order_by("queued_at", "pk").first()
    if found is None:
        raise Refused("nothing is being undone")
    return found


def _approve(actor: Actor) -> None:
    one = _proposal()
    decisions.approve_proposal(actor=actor, proposal_id=one.pk, digest=one.digest, now=NOW)


def _edit() -> None:
    one = _proposal()
    proposals.edit_proposal(
        actor=OMAR, proposal_id=one.pk, digest=one.digest, targets=valves("v2"), params=None,
        now=NOW,
    )  # fmt: skip


def _run(find: Callable[[], Action]) -> None:
    """Do what the runner does, from wherever the run stands."""
    action = find()
    for index in range(actions.begin_action(action.pk, now=NOW)):
        actions.run_step(action.pk, index, now=NOW)
    actions.finish_action(action.pk, now=NOW)


def _refile() -> None:
    proposal_filing.file_proposal(proposal_draft("v1", "v2", to=7), agent="plumber", now=NOW)


ALL = {"scope": BrakeScope.ALL, "value": ""}
VERBS: dict[str, Callable[[], object]] = {
    "approve": lambda: _approve(OMAR),
    "approve too": lambda: _approve(LENA),
    "reject": lambda: decisions.reject_proposal(actor=LENA, proposal_id=_proposal().pk, now=NOW),
    "edit": _edit,
    "refile": _refile,
    "withdraw": lambda: proposals.withdraw_proposal(_proposal().pk, actor=OMAR, now=NOW),
    "expire": lambda: proposals.expire_due(now=later(80)),
    "begin": lambda: actions.begin_action(_action().pk, now=NOW),
    "step": lambda: actions.run_step(_action().pk, 0, now=NOW),
    "finish": lambda: actions.finish_action(_action().pk, now=NOW),
    "run": lambda: _run(_action),
    "halt": lambda: actions.halt_action(actor=OMAR, action_id=_action().pk, now=NOW),
    "resume": lambda: actions.resume_action(actor=OMAR, action_id=_action().pk, now=NOW),
    "cancel": lambda: actions.cancel_action(actor=LENA, action_id=_action().pk, now=NOW),
    "cancel the undo": lambda: actions.cancel_action(actor=LENA, action_id=_undoing().pk, now=NOW),
    "acknowledge": lambda: actions.acknowledge_failure(
        actor=OMAR, action_id=_action().pk, reason="seen", now=NOW
    ),
    "end lapsed": lambda: actions.end_lapsed(now=later(5)),
    "undo": lambda: undo.undo_action(actor=OMAR, action_id=_action().pk, now=NOW),
    "undo too": lambda: undo.undo_action(actor=LENA, action_id=_action().pk, now=NOW),
    "run the undo": lambda: _run(_undoing),
    "halt the undo": lambda: actions.halt_action(actor=OMAR, action_id=_undoing().pk, now=NOW),
    "brake": lambda: brakes.set_brake(actor=OMAR, **ALL, reason="race", now=NOW),
    "let go": lambda: brakes.lift_brake(actor=LENA, **ALL, reason="over", now=NOW),
    "look": lambda: actions.settle_unknown(now=NOW),
    "measure": lambda: outcomes.measure_due(now=later(24 * 30)),
}
STAGES = ("filed", "approved", "begun", "half done", "done", "being undone", "halted", "unknown")


def reach(stage: str, hall: Hall) -> None:
    """Bring one proposal to the stage from which the race starts."""
    proposal_filing.file_proposal(proposal_draft("v1", "v2", to=3), agent="plumber", now=NOW)
    if stage == "filed":
        return
    _approve(OMAR)
    if stage == "approved":
        return
    action = _action().pk
    actions.begin_action(action, now=NOW)
    if stage in ("half done", "halted"):
        actions.run_step(action, 0, now=NOW)
    if stage == "halted":
        actions.halt_action(actor=OMAR, action_id=action, now=NOW)
    if stage == "unknown":
        hall.world.trouble = ["unknown"]
        hall.turn.before_perform = [partial(setattr, hall.world, "silent", True)]
        actions.run_step(action, 0, now=NOW)
        hall.world.silent = False
    if stage in ("done", "being undone"):
        _run(_action)
    if stage == "being undone":
        undo.undo_action(actor=OMAR, action_id=action, now=NOW)


def race(hall: Hall, names: tuple[str, ...], seam: int) -> None:
    """Run the first verb; at its seam of that number run the others, each in the one before."""
    if not names:
        return
    with _at_seam(hall, seam, lambda: race(hall, names[1:], seam)):
        _try(VERBS[names[0]])


def _try(verb: Callable[[], object]) -> None:
    with suppress(Refused, Unable):  # whoever loses a race is told so
        verb()


@contextmanager
def _at_seam(hall: Hall, number: int, intrude: Callable[[], None]) -> Iterator[None]:
    """Call `intrude` once, where this block crosses from reading to writing that many times."""
    enter, examine, perform = transaction.Atomic.__enter__, hall.world.examine, hall.world.perform
    left, depth = [number], [0]

    def seam() -> None:
        if depth[0] == 0:
            left[0] -= 1
            if left[0] == -1:
                depth[0] += 1  # what the intruder opens is its own
                try:
                    intrude()
                finally:
                    depth[0] -= 1

    def entered(self: transaction.Atomic) -> None:
        seam()
        depth[0] += 1
        enter(self)

    leave = transaction.Atomic.__exit__

    def left_it(self: transaction.Atomic, *raised: object) -> None:
        depth[0] -= 1
        leave(self, *raised)

    def examined() -> None:
        examine()
        seam()

    def performed() -> None:
        perform()
        seam()

    patch = pytest.MonkeyPatch()
    patch.setattr(transaction.Atomic, "__enter__", entered)
    patch.setattr(transaction.Atomic, "__exit__", left_it)
    patch.setattr(hall.world, "examine", examined)
    patch.setattr(hall.world, "perform", performed)
    try:
        yield
    finally:
        patch.undo()
    if left[0] >= 0:  # the verb has fewer seams: the others come after it
        intrude()


def run_on() -> None:
    """Let the workers run, and a lead let go of brakes and resume, until nothing moves."""
    for _ in range(ROUNDS_MAX):
        if Brake.objects.filter(lifted_at__isnull=True).exists():
            _try(VERBS["let go"])
        actions.settle_unknown(now=NOW)
        moving = [one for one in Action.objects.order_by("queued_at", "pk") if _moves(one)]
        if not moving:
            return
        for one in moving:
            if one.state == ActionState.HALTED:
                _try(partial(actions.resume_action, actor=LENA, action_id=one.pk, now=NOW))
            _try(partial(_run, lambda pk=one.pk: Action.objects.get(pk=pk)))


def _moves(action: Action) -> bool:
    halted = action.state == ActionState.HALTED
    return action.state not in ENDED and (action.resumable or not halted)


def check(hall: Hall) -> None:
    """What must hold after any race."""
    assert [one.pk for one in Action.objects.all() if _moves(one)] == [], "every run ends"
    assert set(hall.world.happened.values()) <= {1}, "no effect happens twice"
    undone = Counter(
        Action.objects.filter(undo_of__isnull=False, state=ActionState.DONE).values_list(
            "undo_of", flat=True
        )
    )
    assert set(undone.values()) <= {1}, "one undo an action"
    for action in Action.objects.select_related("decision"):
        effects = action.effects.filter(state="done").count()
        if action.state == ActionState.DONE:
            assert effects == action.steps_total > 0
        assert action.decision.digest == action.digest
        assert not effects or DecisionUse.objects.filter(action=action).exists()
    for key, happened in hall.world.happened.items():
        action = Action.objects.get(pk=key.partition(":")[0])
        assert action.effects.get(key=key).state == "done" or not happened
    for proposal in Proposal.objects.filter(state=ProposalState.APPROVED):
        assert proposal.actions.count() == 1
    yes = Decision.objects.filter(answer="yes").values_list("proposal", "serial")
    assert len(set(yes)) == len(yes), "one decision a digest"
    assert audit.verify().holds


@contextmanager
def staged(stage: str) -> Iterator[Hall]:
    """Bring a world of its own to a stage; whatever was done there is forgotten."""
    with transaction.atomic(), registered() as hall:
        make_cast()
        reach(stage, hall)
        yield hall
        transaction.set_rollback(True)


def race_from(hall: Hall, names: tuple[str, ...], seam: int) -> Counter[str]:
    """Race the verbs from where the hall stands; return the states that runs end in."""
    before = deepcopy(vars(hall.world))
    with transaction.atomic():
        race(hall, names, seam)
        hall.world.trouble, hall.turn.before_perform = [], []
        run_on()
        check(hall)
        ends = Counter(str(one.state) for one in Action.objects.all())
        transaction.set_rollback(True)
    vars(hall.world).update(before)
    return ends


def pairs_of(draw: Random) -> list[tuple[str, ...]]:
    """Return every pair, or as many as a run has time for."""
    every: list[tuple[str, ...]] = list(product(VERBS, repeat=2))
    return every if RACES == "all" else draw.sample(every, int(RACES))


def triples_of(draw: Random) -> list[tuple[str, ...]]:
    """Return as many triples as a run has time for; of all, as many as of pairs."""
    count = len(VERBS) ** 2 if RACES == "all" else int(RACES)
    return [tuple(draw.choices(sorted(VERBS), k=3)) for _ in range(count)]


@pytest.mark.django_db
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("drawn", [pairs_of, triples_of])
def test_racing_verbs_come_to_an_end_from_every_stage_at_every_seam(stage, drawn):
    draw = Random(f"{os.environ['SCUDERIA_SEED']}:{stage}")  # noqa: S311 - which races, no secret
    ends: Counter[str] = Counter()
    with staged(stage) as hall:
        for names in drawn(draw):
            seam = draw.randrange(7)
            try:
                ends += race_from(hall, names, seam)
            except AssertionError as broken:
                broken.add_note(f"from {stage!r}: {names} at seam {seam}")
                raise
    assert ends["done"] or ends["undone"] or stage == "filed"


@pytest.mark.django_db
@pytest.mark.parametrize("seam", range(6))
def test_of_two_undos_at_once_one_is_accepted_and_both_runs_end(seam):
    with registered() as hall:
        make_cast()
        reach("done", hall)
        race(hall, ("undo", "undo too"), seam)
        assert Action.objects.filter(undo_of__isnull=False).count() == 1
        run_on()
        check(hall)
        assert _action().state == ActionState.UNDONE
        assert set(hall.world.positions.values()) == {0}
