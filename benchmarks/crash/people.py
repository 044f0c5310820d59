"""What people do on the stage while processes are killed, over HTTP."""

import random
import threading
import time
from datetime import UTC, datetime, timedelta

from benchmarks.crash.stage import Stage


def live(stage: Stage, chance: random.Random, stop: threading.Event) -> None:
    """Act as people do until told to stop; nobody repeats what was not answered."""
    acts = (approve, approve, approve, undo, change, change, brake, grant)
    while not stop.wait(chance.uniform(0.05, 0.6)):
        chance.choice(acts)(stage, chance)


def approve(stage: Stage, chance: random.Random) -> None:
    """Approve something that waits, or now and then reject it."""
    if not (waiting := stage.items("/queue?limit=50")):
        return
    one = f"/proposals/{chance.choice(waiting)['id']}"
    if chance.random() < 0.1:  # noqa: PLR2004 - one in ten
        stage.act(f"{one}/reject")
        return
    status, said = stage.ask("GET", one)
    if status == 200:  # noqa: PLR2004 - HTTP's OK
        stage.act(f"{one}/approve", {"digest": said["row"]["digest"]})


def undo(stage: Stage, chance: random.Random) -> None:
    """Undo something that was done."""
    if done := stage.items("/actions?state=done&limit=50"):
        stage.act(f"/actions/{chance.choice(done)['id']}/undo")


def change(stage: Stage, chance: random.Random) -> None:
    """Halt what is under way, resume or end what was halted."""
    state, verbs = chance.choice(
        (("running", ("halt",)), ("queued", ("halt",)), ("halted", ("resume", "resume", "cancel")))
    )
    if found := stage.items(f"/actions?state={state}&limit=20"):
        stage.act(f"/actions/{chance.choice(found)['id']}/{chance.choice(verbs)}")


def brake(stage: Stage, chance: random.Random) -> None:
    """Pull a brake and mostly let go of all that are on soon after, so that the work goes on."""
    stops, value = chance.choice(
        (("all", ""), ("kind", "fleet.drain_node"), ("agent", f"nobody-{chance.random():.6f}"))
    )
    stage.act("/brakes", {"stops": stops, "value": value})
    time.sleep(chance.uniform(0.0, 0.5))
    for one in stage.items("/brakes"):
        stage.act("/brakes/lift", {"stops": one["stops"], "value": one["value"]})


def grant(stage: Stage, chance: random.Random) -> None:
    """Give an agent a level, or take one back."""
    given = [one for one in stage.items("/grants") if one["state"] == "active"]
    if given and chance.random() < 0.5:  # noqa: PLR2004 - one in two
        stage.act(f"/grants/{chance.choice(given)['id']}/revoke")
        return
    until = datetime.now(UTC) + timedelta(days=30)
    stage.act("/grants", {
        "agent": "lemon-scout", "kind": "*", "scope": "*", "level": 2,
        "expires_at": until.isoformat(),
    })  # fmt: skip
