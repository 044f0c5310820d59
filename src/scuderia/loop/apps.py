"""The loop as a Django app, and what it brings."""

from scuderia.basics.rooms import Command, NavEntry, PeriodicTask, Place, Room
from scuderia.loop.nouns import Power
from scuderia.web.apps import RoomConfig

_JOBS = "scuderia.loop.jobs:"
_COMMANDS = "scuderia.loop.commands."

ROOM = Room(
    name="loop",
    nav=(
        NavEntry("Now", "now", "n", order=0),
        NavEntry("Loop", "loop", "l", order=20),
        NavEntry("Crew", "crew", "c", order=30),
        NavEntry("Brake", "brake", "b", order=40),
        NavEntry("Approval rules", "approval-rules", "r", order=45),
        NavEntry("People", "people", "p", order=80, power=Power.MANAGE_PEOPLE),
        NavEntry("Notifications", "subscriptions", "t", order=85),
        NavEntry("Audit", "audit", "a", order=90),
    ),
    places=(Place("proposal", "proposal"), Place("action", "action"), Place("agent", "agent")),
    search="scuderia.loop.queries.search:search_loop",
    urls="scuderia.loop.urls",
    api="scuderia.loop.api.routes:router",
    commands=(
        Command(
            "loop", "See, approve, reject and undo what the crew proposes.",
            f"{_COMMANDS}proposals:app",
        ),
        Command(
            "brake", "Stop every agent, or one agent, kind or scope; and let go again.",
            f"{_COMMANDS}brakes:app",
        ),
        Command("audit", "Verify and export the chain of who did what.", f"{_COMMANDS}audit:app"),
        Command(
            "crew", "See the agents, and have them look at the world now.", f"{_COMMANDS}agents:app"
        ),
        Command("search", "Find pages and subjects by name.", f"{_COMMANDS}search:app"),
        Command(
            "people", "Create people, give roles, issue and revoke tokens.",
            f"{_COMMANDS}people:app",
        ),
        Command(
            "approval-rule", "Say where whoever files or edits may not approve.",
            f"{_COMMANDS}approval_rules:app",
        ),
        Command(
            "notify", "Be told of what happens, by e-mail or webhook.",
            f"{_COMMANDS}subscriptions:app",
        ),
        Command(
            "grant", "Say how far an agent may go, where, and until when.", f"{_COMMANDS}grants:app"
        ),
    ),
    tasks=(
        PeriodicTask("notify", 5.0, f"{_JOBS}notify", "notifications"),
        PeriodicTask("heartbeat", 2.0, f"{_JOBS}say_alive", "heartbeat"),
        PeriodicTask("book brake pulls", 1.0, f"{_JOBS}book_pulls", "brakes"),
        PeriodicTask("start runs", 0.5, f"{_JOBS}start_runs", "runs"),
        PeriodicTask("recover dead workers", 3.0, f"{_JOBS}recover_dead_workers", "runs"),
        PeriodicTask("recover unclaimed runs", 10.0, f"{_JOBS}recover_unclaimed_runs", "runs"),
        PeriodicTask("requeue ended runs", 5.0, f"{_JOBS}requeue_ended", "runs"),
        PeriodicTask("settle unknown", 5.0, f"{_JOBS}settle_unknown", "runs"),
        PeriodicTask("expire", 10.0, f"{_JOBS}expire_due", "runs"),
        PeriodicTask("measure outcomes", 10.0, f"{_JOBS}measure_outcomes", "runs"),
        PeriodicTask("export audit head", 300.0, f"{_JOBS}export_audit_head", "audit"),
        PeriodicTask("clear findings", 10.0, f"{_JOBS}clear_settled"),
        PeriodicTask("past looks", 1.0, f"{_JOBS}make_past_looks", "past looks"),
        PeriodicTask("crew rounds", 300.0, f"{_JOBS}make_rounds"),
    ),
    urgent=("brake-set", "list_brakes", "set_brake"),
    notices="scuderia.loop.pages.notices:loop_notices",
)  # fmt: skip


class LoopConfig(RoomConfig):
    """Signals, findings, proposals, decisions, actions, outcomes; authority; audit."""

    name = "scuderia.loop"
    label = "loop"
