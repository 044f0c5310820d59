"""Whether the tables went back behind what this home had come to: an old copy put in their place.

The worker notes the audit's last entry in the home, after it was committed; so tables that do not
hold that entry are older than the home, or not its own. Runs that no action of the tables began
say the same. Found out before anything acts on such tables, as what they forgot was done.
"""

import json

from scuderia.basics.clock import SystemClock
from scuderia.basics.errors import Unable
from scuderia.config.databases import runs_address
from scuderia.config.home import Home, current_home, write_private
from scuderia.config.owner import owner_of
from scuderia.config.processes.home_lock import refuse_served
from scuderia.connectors.dbos.store import end_runs, open_runs
from scuderia.loop.nouns import ActionId


class TablesRolledBack(Unable):
    """The tables are an older copy than this home had come to, so nothing was done on them."""

    code = "HOME-006"
    remedy = (
        "Put the newest files back, or restore a backup, which says so in the audit:"
        " `scuderia restore BACKUP --replace`. If these tables are right:"
        " `scuderia setup --accept-tables REASON`."
    )


def note_head(home: Home | None = None) -> None:
    """Note how far the audit has come, if that has changed."""
    from scuderia.loop.queries.audit import get_head

    place, head = home or current_home(), get_head()
    if head.seq and _noted(place) != (head.seq, head.hash):
        facts = {"seq": head.seq, "hash": head.hash, "at": SystemClock().now().isoformat()}
        write_private(place.head, json.dumps(facts) + "\n")


def refuse_rolled_back(home: Home) -> None:
    """Raise TablesRolledBack where the tables do not hold what the home had come to."""
    from scuderia.loop.queries.audit import hash_of_entry

    noted = _noted(home)
    if noted is not None and hash_of_entry(noted[0]) != noted[1]:
        raise TablesRolledBack(
            f"this home had come to audit entry {noted[0]}, which its tables do not hold"
        )
    if unknown := _runs_without_action(home):
        count = len(unknown)
        raise TablesRolledBack(f"{count} runs are under way that its tables know no action of")


def accept_tables(home: Home, reason: str) -> int:
    """Take the tables for right, on the owner's word, and say so in the audit; return the entry.

    Runs of actions that they do not know are ended.

    raises   HomeInUse
    """
    refuse_served(home)
    from django.db import transaction

    from scuderia.loop.operations import audit
    from scuderia.loop.ports import registry

    noted, unknown = _noted(home), _runs_without_action(home)
    with transaction.atomic():
        entry = audit.record(
            owner_of(home),
            "home.tables_accepted",
            subject="home:tables",
            at=registry.clock.now(),
            reason=reason,
            detail={
                "had_come_to": noted[0] if noted else None,
                "hash": noted[1] if noted else "",
                "runs_ended": sorted(map(str, unknown)),
            },
        )
    if unknown:
        end_runs(home.runs, unknown)
    note_head(home)
    return entry


def _noted(home: Home) -> tuple[int, str] | None:
    """Return what was noted; None where nothing was, or a disk that filled has left half of it."""
    try:
        facts = json.loads(home.head.read_text(encoding="utf-8"))
        return int(facts["seq"]), str(facts["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _runs_without_action(home: Home) -> set[ActionId]:
    from scuderia.loop.queries.actions import known_actions

    if runs_address() or not home.runs.exists() or not home.runs.stat().st_size:
        return set()
    under_way = open_runs(home.runs)
    return under_way - known_actions(under_way)
