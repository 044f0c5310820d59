"""A whole room, written file by file into a folder of the test: what somebody else would add.

It has one of everything: a table, an operation, a page in the navigation, an API route, a command,
an agent, an action kind, a kind of file, a periodic task, a power and a stylesheet.
"""

from pathlib import Path

PACKAGE = "toy_depot"

FILES = {
    "__init__.py": "",
    "apps.py": '''
"""The depot as a Django app, and what it brings."""

from scuderia.basics.rooms import Command, NavEntry, PeriodicTask, Place, PowerSpec, Room
from scuderia.web.apps import RoomConfig

ROOM = Room(
    name="depot",
    package="toy_depot",
    nav=(NavEntry("Depot", "depot", "d", order=60),),
    places=(Place("crate", "crate"),),
    urls="toy_depot.urls",
    api="toy_depot.api.crates:router",
    api_prefix="/depot",
    commands=(Command("depot", "Count and stack crates.", "toy_depot.commands.crates:app"),),
    playbook="toy_depot.playbook.catalogue:register",
    tasks=(PeriodicTask("count crates", 0.2, "toy_depot.jobs:count_crates", "depot"),),
    powers=(PowerSpec("stack_crates", ("lead", "admin"), acting=True),),
    stylesheets=("depot/depot.css",),
)


class DepotConfig(RoomConfig):
    """Crates."""

    name = "toy_depot"
    label = "depot"
''',
    "models/__init__.py": "",
    "models/crates.py": '''
"""Crates."""

from django.db import models


class Crate(models.Model):
    """One crate."""

    name = models.CharField(max_length=40, unique=True)
    lifted = models.BooleanField(default=False)
    counted = models.IntegerField(default=0)
''',
    "migrations/__init__.py": "",
    "migrations/0001_initial.py": """
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Crate",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True,
                                           verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
                ("lifted", models.BooleanField(default=False)),
                ("counted", models.IntegerField(default=0)),
            ],
        ),
    ]
""",
    "operations/__init__.py": "",
    "operations/crates.py": '''
"""Stacking crates."""

from django.db import transaction

from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.operations import access, audit
from toy_depot.models.crates import Crate


@transaction.atomic
def stack(*, actor, name, now):
    """Put a crate on record, by right."""
    access.require(actor, "stack_crates", EVERYTHING)
    Crate.objects.create(name=name)
    audit.record(actor, "crate.stacked", subject=f"crate:{name}", at=now)
''',
    "queries/__init__.py": "",
    "queries/crates.py": '''
"""Crates, read."""

from toy_depot.models.crates import Crate


def list_crates():
    """Return (name, lifted) of every crate, by name."""
    return list(Crate.objects.order_by("name").values_list("name", "lifted"))
''',
    "jobs.py": '''
"""The depot's scheduled work."""

from django.db.models import F

from toy_depot.models.crates import Crate


def count_crates():
    """Count every crate once more."""
    return Crate.objects.update(counted=F("counted") + 1)
''',
    "playbook/__init__.py": "",
    "playbook/catalogue.py": '''
"""What the depot brings to the loop: an action kind, an agent, where a crate hangs."""

from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.nouns import (
    ActionKind, BlastBound, BlastRadius, EffectReport, EffectState, Examination, ParamSpec, Plan,
    ProbeReport, Reversibility, Step,
)
from toy_depot.agents.stacker import Stacker
from scuderia.intake.importers import register_importer
from toy_depot.models.crates import Crate
from toy_depot.playbook.importers import CrateImporter

def crates_of(plan):
    return [target.name for target in plan.targets]


class LiftCrate:
    """Lifts crates; putting them down again is the undo."""

    kind = ActionKind(
        name="depot.lift_crate",
        title="Lift crates",
        params=(ParamSpec("to", "str", "lifted or ground", choices=("lifted", "ground")),),
        reversibility=Reversibility.REVERSIBLE,
        undo="put the crates down again",
        undo_kind="depot.lift_crate",
        blast=BlastBound(targets_max=2, share_max=1.0, denominator="crates of the depot"),
        preconditions=("the crate is there",),
        probe="every crate stands where it should",
    )

    def examine(self, plan, *, now, done=0):
        names = crates_of(plan)
        there = dict(Crate.objects.values_list("name", "lifted"))
        return Examination(
            steps=tuple(
                Step(index, f"move {name}", {"crate": name, "to": plan.params["to"]})
                for index, name in enumerate(names)
            ),
            snapshot={name: there[name] for name in names if name in there},
            blast=BlastRadius(len(names), len(there), "crates"),
            objections=tuple(f"there is no crate {name}" for name in names if name not in there),
        )

    def perform(self, step, *, key):
        crates = Crate.objects.filter(name=step.arguments["crate"])
        crates.update(lifted=step.arguments["to"] == "lifted")
        return EffectReport(EffectState.DONE)

    def observe(self, step, *, key):
        crate = Crate.objects.get(name=step.arguments["crate"])
        done = crate.lifted == (step.arguments["to"] == "lifted")
        return EffectReport(EffectState.DONE if done else EffectState.NOT_DONE)

    def probe(self, plan):
        wanted = plan.params["to"] == "lifted"
        found = Crate.objects.filter(name__in=crates_of(plan))
        stand = all(crate.lifted == wanted for crate in found)
        return ProbeReport(stand, "all stand" if stand else "one does not")

    def undo_plan(self, plan, snapshot):
        back = "ground" if plan.params["to"] == "lifted" else "lifted"
        return Plan("depot.lift_crate", plan.targets, {"to": back})

    def measure(self, plan, rehearsal, *, acted_at, now):
        return None


class CrateLineage:
    kinds = frozenset({"crate"})

    def lineage(self, subject):
        return frozenset({subject, EVERYTHING})


def register(registry):
    """Register everything; a declaration that leaves something empty is refused."""
    registry.register_executor(LiftCrate())
    registry.agents["stacker"] = Stacker()
    registry.register_lineage(CrateLineage())
    registry.register_unit("crates", worth=2.0)
    register_importer(CrateImporter())
''',
    "playbook/importers.py": '''
"""Lists of crates, as a kind of file."""

from scuderia.intake.fields import CommitReport, FieldSpec, FieldType
from scuderia.intake.importers import Setting
from toy_depot.operations import crates
from toy_depot.queries.crates import list_crates


class CrateKind:
    name, order = "crates", ""
    fields = (FieldSpec(name="crate", type=FieldType.NAME, needs_column=True, may_be_empty=False),)

    def __init__(self, prefix):
        self.prefix = prefix

    def read(self, record):
        return self.prefix + record.text("crate")

    def identity(self, row):
        return row

    def check(self, rows):
        return iter(())

    def commit(self, rows, *, facts, actor, now, dry_run):
        known = {name for name, _ in list_crates()}
        fresh = [entry.row for entry in rows if entry.row not in known]
        for name in () if dry_run else fresh:
            crates.stack(actor=actor, name=name, now=now)
        return CommitReport(added=len(fresh))


class CrateImporter:
    name = "crates"
    job = "Crates to be stacked."
    settings = (Setting("prefix", "What every name begins with."),)

    def begin(self, said, *, actor, now):
        return CrateKind(said["prefix"])
''',
    "agents/__init__.py": "",
    "agents/stacker.py": '''
"""An agent that would have every crate lifted."""

from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import Quantity
from scuderia.loop.nouns import ProposalDraft, Rehearsal, Round
from toy_depot.queries.crates import list_crates


class Stacker:
    name = "stacker"
    title = "Stacker"
    job = "has crates lifted"
    kinds = ("depot.lift_crate",)

    def look(self, *, now):
        wanted = [name for name, lifted in list_crates() if not lifted]
        return Round(proposals=tuple(draft(name) for name in wanted))


def draft(name):
    return ProposalDraft(
        kind="depot.lift_crate",
        targets=(SubjectRef("crate", name),),
        params={"to": "lifted"},
        title=f"Lift {name}",
        findings=(),
        rehearsal=Rehearsal(
            metric="crates_on_the_ground", unit="crates", horizon_days=1, do_nothing=1,
            expected=0, low=0, high=1, better="lower", method="counted", limits="one crate",
        ),
        cost_of_delay=Quantity(1.0, "crates"),
        dedup_key=f"lift:{name}",
    )
''',
    "urls.py": '''
"""The depot's addresses."""

from django.urls import path

from toy_depot.pages.crates import crate, depot

urlpatterns = [
    path("depot", depot, name="depot"),
    path("depot/crates/<str:name>", crate, name="crate"),
]
''',
    "pages/__init__.py": "",
    "pages/crates.py": '''
"""The depot's pages."""

from dataclasses import dataclass

from scuderia.web.base_views import page, show
from toy_depot.queries.crates import list_crates


@dataclass(frozen=True)
class DepotPage:
    crates: tuple


@page
def depot(request):
    """Show every crate."""
    return show(request, "depot/depot.html", DepotPage(tuple(list_crates())))


@page
def crate(request, name):
    """Show one crate."""
    found = tuple(one for one in list_crates() if one[0] == name)
    return show(request, "depot/depot.html", DepotPage(found))
''',
    "templates/depot/depot.html": """{% extends "web/base.html" %}
{% block title %}Depot{% endblock %}
{% block content %}<h1>Depot</h1>
{% for name, lifted in page.crates %}<p>{{ name }}</p>{% endfor %}{% endblock %}
""",
    "static/depot/depot.css": "@layer components { .crate { color: var(--text); } }\n",
    "api/__init__.py": "",
    "api/crates.py": '''
"""Crates over JSON."""

from ninja import Router

from toy_depot.queries.crates import list_crates

router = Router(tags=["depot"])


@router.get("/crates")
def crates(request):
    """Return every crate."""
    return [{"name": name, "lifted": lifted} for name, lifted in list_crates()]
''',
    "commands/__init__.py": "",
    "commands/crates.py": '''
"""Crates as typed."""

import typer

from scuderia.loop.commands.command_actor import As, Token, command_actor, now
from toy_depot.operations import crates
from toy_depot.queries.crates import list_crates

app = typer.Typer(no_args_is_help=True, help="Count and stack crates.")


@app.command()
def stack(name: str, *, as_name: As = "", token: Token = "") -> None:
    """Stack one."""
    crates.stack(actor=command_actor(as_name, token), name=name, now=now())
    typer.echo(f"stacked {name}")


@app.command("list")
def list_command() -> None:
    """List them."""
    for name, lifted in list_crates():
        typer.echo(f"{name} {'lifted' if lifted else 'on the ground'}")
''',
}


def write_room(folder: Path) -> None:
    """Write the room's package below the folder."""
    for name, text in FILES.items():
        path = folder / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), encoding="utf-8")


def write_entry_point(folder: Path) -> None:
    """Write what an installer leaves of a package that brings the room."""
    left = folder / f"{PACKAGE}-1.0.dist-info"
    left.mkdir()
    (left / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n", encoding="utf-8"
    )
    (left / "entry_points.txt").write_text(
        f"[scuderia.rooms]\ndepot = {PACKAGE}\n", encoding="utf-8"
    )
