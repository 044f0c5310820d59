"""The end of a slice: every run comes to rest, and acts, books and world are held together."""

import json
import random
import subprocess
import time
from collections import Counter
from uuid import UUID

from benchmarks.crash.backups import account_backups
from benchmarks.crash.kills import IMPORT_ROWS, import_words, kill_supervisor
from benchmarks.crash.stage import Stage
from benchmarks.homes import Home
from scuderia.config.home import Home as Folder
from scuderia.config.processes.parts_down import read_down
from scuderia.connectors.embedded.storage import open_world

SETTLES_WITHIN_S = 240.0
AGAIN_MAX = 3


def settle(stage: Stage) -> int:
    """Let every run come to its end, and imports that were killed; return how many runs have not.

    What is not at its end within a bound is counted.
    """
    if read_down(Folder(stage.home.path)):
        kill_supervisor(stage, random.Random(0))  # noqa: S311 - no secret
    stage.await_open()
    import_again(stage)
    query = (
        "SELECT (SELECT count(*) FROM loop_action WHERE state IN ('queued', 'running'))"
        " + (SELECT count(*) FROM loop_effect WHERE state = 'unknown')"
        " + (SELECT count(*) FROM loop_brakepull WHERE booked_at IS NULL)"
    )
    deadline = time.monotonic() + SETTLES_WITHIN_S
    while time.monotonic() < deadline:
        pulls = list((stage.home.path / "pulls").glob("*.json"))
        if stage.home.books(query) == [(0,)] and not pulls:
            break
        time.sleep(1.0)
    return int(stage.home.books(query)[0][0])


def import_again(stage: Stage) -> None:
    """Import some of the killed files again, as people do: what was begun does not stand in it."""
    for source in [one for one, was in stage.imports.items() if not was][:AGAIN_MAX]:
        stage.imports[source] = stage.started(*import_words(stage, source)).wait() == 0


def account(stage: Stage) -> dict[str, object]:
    """Hold the acts against the books, and the books against the world: lost, doubled, details."""
    said = Counter(reason for (reason,) in stage.home.books("SELECT reason FROM loop_auditentry"))
    runs = {UUID(str(told)) for (told,) in stage.home.books("SELECT id FROM loop_action")}
    yes = [act for act in stage.acts if act.is_acknowledged]
    lost = [act for act in yes if not said[act.reason]]
    lost += [act for act in yes if act.action_id and UUID(act.action_id) not in runs]
    effects = dict(stage.home.books("SELECT key, state FROM loop_effect"))
    with open_world(stage.world) as world:
        receipts = {key for (key,) in world.execute("SELECT key FROM receipt")}
    undone = {key for key, state in effects.items() if state == "done"} - receipts
    ended_twice = stage.home.books(
        "SELECT subject FROM loop_auditentry WHERE verb IN ('action.done', 'action.undone')"
        " GROUP BY subject, verb HAVING count(*) > 1"
    )
    in_part, missing = imports_in_part(stage)
    backups = account_backups(stage)
    doubled = [act for act in stage.acts if said[act.reason] > 1]
    strangers = {key for key in receipts if effects.get(key) != "done"}
    refused = [act for act in stage.acts if act.status and not act.is_acknowledged]
    return {
        "acknowledged": len(yes) + sum(stage.imports.values()) + sum(stage.backups.values()),
        "lost": sum(map(len, (lost, undone, in_part, missing, *backups.values()))),
        "doubled": len(doubled) + len(ended_twice) + len(strangers),
        "details": {
            "acts": len(stage.acts), "unanswered": sum(not act.status for act in stage.acts),
            "refused": len(refused), "refused_yet_booked": sum(said[a.reason] > 0 for a in refused),
            "answers": dict(Counter(
                f"{act.path.rpartition('/')[2]} {act.status} {act.code}".strip()
                for act in stage.acts
            )),
            "acts_lost": [act.path for act in lost], "acts_doubled": [a.path for a in doubled],
            "effects": len(effects), "receipts": len(receipts),
            "effects_without_receipt": sorted(undone),
            "receipts_without_effect": sorted(strangers), "ended_twice": ended_twice,
            "imports": len(stage.imports), "imports_in_part": in_part, "imports_lost": missing,
            "backups": len(stage.backups), "backups_lost": backups["lost"],
            "backups_in_part": backups["in_part"],
        },
    }  # fmt: skip


def imports_in_part(stage: Stage) -> tuple[list[str], list[str]]:
    """Return the files of which a part is booked, and those that were booked and are not there."""
    booked = dict(stage.home.books(
        "SELECT source, count(*) FROM fleet_outage JOIN fleet_importbatch"
        " ON batch_id = fleet_importbatch.id WHERE source LIKE 'crash-%' GROUP BY source"
    ))  # fmt: skip
    in_part = [source for source, rows in booked.items() if rows != IMPORT_ROWS]
    return in_part, [
        source for source, was in stage.imports.items() if was and source not in booked
    ]


def verified(home: Home) -> bool:
    """Say whether the audit's chain holds."""
    try:
        return bool(json.loads(home.run("audit", "verify", "--json"))["holds"])
    except subprocess.CalledProcessError:
        return False
