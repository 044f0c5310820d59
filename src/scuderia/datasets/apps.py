"""The datasets room as a Django app, and what it brings to the product."""

from scuderia.basics.rooms import Command, NavEntry, Place, PowerSpec, Room
from scuderia.datasets.nouns import DataPower
from scuderia.web.apps import RoomConfig

ROOM = Room(
    name="datasets",
    nav=(NavEntry("Projects", "projects", "j", order=18),),
    places=(Place("project", "project"),),
    search="scuderia.datasets.queries.search:search_projects",
    urls="scuderia.datasets.urls",
    commands=(
        Command(
            "datasets",
            "Human-feedback projects: judged, measured, shipped.",
            "scuderia.datasets.commands.projects:app",
        ),
        Command(
            "datasets import",
            "Import a project's judgments, or its items.",
            import_kind="judgments",
        ),
        Command(
            "datasets truth",
            "Tell the true label of each item from its votes.",
            "scuderia.datasets.commands.truth:app",
            needs_django=False,
        ),
        Command(
            "datasets release",
            "Release a project: its items, and what is believed of each.",
            "scuderia.datasets.commands.project_releases:app",
        ),
        Command(
            "datasets forecast",
            "When a project reaches its target, and what moves the date.",
            "scuderia.datasets.commands.forecasts:app",
        ),
        Command(
            "datasets agreement",
            "Tell how far raters agree, with an interval.",
            "scuderia.datasets.commands.agreement:app",
            needs_django=False,
        ),
        Command(
            "datasets verify",
            "Whether a release is what was released, by file and row.",
            "scuderia.datasets.commands.releases:app",
            needs_django=False,
        ),
        Command(
            "datasets duplicates",
            "Which rows of a file repeat one another, exactly.",
            "scuderia.datasets.commands.duplicates:app",
            needs_django=False,
        ),
        Command(
            "datasets contamination",
            "Prove that a dataset repeats no evaluation set.",
            "scuderia.datasets.commands.contamination:app",
            needs_django=False,
        ),
        Command(
            "datasets vendi",
            "How diverse the texts of a file are.",
            "scuderia.datasets.commands.diversity:app",
            needs_django=False,
        ),
        Command(
            "datasets plan",
            "How many items of a lot to look at, and which.",
            "scuderia.datasets.commands.sampling_plans:app",
            needs_django=False,
        ),
    ),
    api="scuderia.datasets.api.routes:router",
    api_prefix="/datasets",
    playbook="scuderia.datasets.playbook.catalogue:register",
    powers=(PowerSpec(DataPower.RUN_PROJECTS, ("lead", "admin"), acting=True),),
)


class DatasetsConfig(RoomConfig):
    """Human-feedback projects: who said what of what, how good it is, and what is delivered."""

    name = "scuderia.datasets"
    label = "datasets"
