"""The freeze room as a Django app, and what it brings to the product."""

from scuderia.basics.rooms import Command, NavEntry, PeriodicTask, Place, PowerSpec, Room
from scuderia.freeze.nouns import ZonePower
from scuderia.web.apps import RoomConfig

ROOM = Room(
    name="freeze",
    nav=(
        NavEntry("No-fly zones", "zones", "z", order=15),
        NavEntry("Calendar", "calendar", "d", order=16),
    ),
    places=(Place("zone", "zone"),),
    urls="scuderia.freeze.urls",
    coming="scuderia.freeze.pages.coming:coming",
    stylesheets=("freeze/calendar.css",),
    commands=(
        Command(
            "freeze",
            "No-fly zones: ask for them, approve them, end them.",
            "scuderia.freeze.commands.zones:app",
        ),
        Command(
            "freeze ask",
            "Ask the gate whether an update may be made.",
            "scuderia.freeze.commands.ask:app",
        ),
        Command(
            "freeze decision",
            "What the gate answered, and what became of it.",
            "scuderia.freeze.commands.gate_decisions:app",
        ),
        Command(
            "freeze adapter",
            "Systems that ask the gate by a webhook: secrets, hosts, targets.",
            "scuderia.freeze.commands.adapters:app",
        ),
        Command(
            "freeze break-glass",
            "Let one update through a zone: two people, minutes to hours.",
            "scuderia.freeze.commands.break_glass:app",
        ),
        Command(
            "freeze occurrences",
            "List what a recurrence comes to, as instants in UTC.",
            "scuderia.freeze.commands.occurrences:app",
            needs_django=False,
        ),
        Command(
            "freeze updates",
            "The calendar of planned updates: import it, read it, cancel, export.",
            "scuderia.freeze.commands.updates:app",
        ),
        Command(
            "freeze updates import",
            "Import a calendar of planned updates.",
            import_kind="updates",
        ),
        Command(
            "freeze bill",
            "What a zone costs, before anyone approves it.",
            "scuderia.freeze.commands.replans:bill_app",
        ),
        Command(
            "freeze replan",
            "Draft the update calendar around a zone.",
            "scuderia.freeze.commands.replans:replan_app",
        ),
        Command(
            "freeze landing",
            "Draft how the backlog comes down after a zone.",
            "scuderia.freeze.commands.replans:landing_app",
        ),
        Command(
            "freeze adopt",
            "Move the calendar as a draft says.",
            "scuderia.freeze.commands.replans:adopt_app",
        ),
        Command(
            "freeze bundle",
            "Believe a signed bundle of zones, and decide from it alone.",
            "scuderia.freeze.commands.bundle:app",
            needs_django=False,
        ),
        Command(
            "freeze bundle export",
            "Issue a signed, expiring bundle of the zones.",
            "scuderia.freeze.commands.bundle_exports:app",
        ),
        Command(
            "freeze report",
            "What became of a zone, for its customer: told, or signed.",
            "scuderia.freeze.commands.zone_report:app",
        ),
        Command(
            "freeze report verify",
            "Check who signed a zone's report, and say what it says.",
            "scuderia.freeze.commands.envelopes:report_app",
            needs_django=False,
        ),
        Command(
            "freeze key",
            "The public key that this home's signatures are checked with.",
            "scuderia.freeze.commands.zone_report:key_app",
        ),
        Command(
            "freeze decision verify",
            "Check who signed a decision of the gate, and say what it says.",
            "scuderia.freeze.commands.envelopes:decision_app",
            needs_django=False,
        ),
        Command(
            "freeze import-argocd",
            "Read an Argo CD AppProject's sync windows.",
            "scuderia.freeze.commands.argocd:import_app",
            needs_django=False,
        ),
        Command(
            "freeze ask-argocd",
            "Decide as Argo CD does whether an application may be synced.",
            "scuderia.freeze.commands.argocd:ask_app",
            needs_django=False,
        ),
    ),
    powers=(
        PowerSpec(ZonePower.REQUEST, ("operator", "lead", "admin"), acting=True),
        PowerSpec(ZonePower.APPROVE, ("lead", "admin"), acting=True),
        PowerSpec(ZonePower.BREAK_GLASS, ("operator", "lead", "admin"), acting=True),
        PowerSpec(ZonePower.APPROVE_GLASS, ("lead", "admin"), acting=True),
    ),
    api="scuderia.freeze.api.routes:router",
    playbook="scuderia.freeze.playbook.catalogue:register",
    tasks=(
        PeriodicTask("pass zones", 5.0, "scuderia.freeze.jobs:record_passages"),
        PeriodicTask("follow swaps", 5.0, "scuderia.freeze.jobs:follow_swaps"),
        PeriodicTask("watch zones", 30.0, "scuderia.freeze.jobs:watch_zones"),
        PeriodicTask("answer deployers", 2.0, "scuderia.freeze.jobs:send_callbacks", "outbound"),
        PeriodicTask("forget deliveries", 3600.0, "scuderia.freeze.jobs:forget_deliveries"),
    ),
)


class FreezeConfig(RoomConfig):
    """No-fly zones: when nothing may be changed on which GPUs."""

    name = "scuderia.freeze"
    label = "freeze"
