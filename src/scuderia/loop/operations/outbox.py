"""Runs that were asked for and not yet started, and runs that ended before their action did."""

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Unable
from scuderia.loop.models.actions import Action, RunRequest
from scuderia.loop.nouns import ActionId, ActionState
from scuderia.loop.ports import Runner, registry

BATCH = 200
_ENDED = frozenset({"absent", "success", "error"})


def sweep(*, now: AwareDatetime, runner: Runner | None = None) -> int:
    """Start every run that was asked for; return how many. Safe to repeat after any crash.

    A crash between the start and its record starts the run again, which does nothing.
    """
    hand = runner or registry.runner
    if hand is None:
        raise Unable(
            "no runner is registered in this process", remedy="Run `scuderia serve worker`."
        )
    asked = RunRequest.objects.filter(started_at__isnull=True).order_by("asked_at")[:BATCH]
    started = 0
    for request in asked:
        if request.attempt == 1:
            hand.start(ActionId(request.action_id))
        else:
            hand.resume(ActionId(request.action_id))
        started += RunRequest.objects.filter(pk=request.pk, started_at__isnull=True).update(
            started_at=now
        )
    return started


def requeue_ended(*, runner: Runner | None = None) -> int:
    """Ask again for runs whose engine has ended while their action has not; return how many.

    That is how an effect of unknown result is looked at again, for as long as it takes.
    """
    hand = runner or registry.runner
    if hand is None:
        return 0
    live = (
        Action.objects.filter(state__in=[ActionState.QUEUED, ActionState.RUNNING])
        .exclude(runs__started_at__isnull=True)
        .values_list("pk", flat=True)
        .order_by("queued_at")[:BATCH]
    )
    ended = [one for one in live if hand.status(ActionId(one)) in _ENDED]
    for action_id in ended:
        hand.resume(ActionId(action_id))
    return len(ended)
