"""The kinds of file that this room reads: judgments, and the items that they are about."""

from collections.abc import Mapping
from typing import Any

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.datasets.nouns import ContributorKind, ProjectKind
from scuderia.datasets.operations.data_imports import importing
from scuderia.datasets.operations.item_imports import ItemImport
from scuderia.datasets.operations.judgment_imports import JudgmentImport
from scuderia.intake.fields import ImportKind
from scuderia.intake.importers import Setting

ITEMS = "items"
_KINDS = (*(kind.value for kind in ProjectKind), ITEMS)


class WrongKind(BadInput):
    """The file is said to hold what the project does not take."""

    code = "DATA-006"
    remedy = "`scuderia datasets project show PROJECT` says what it takes."


class JudgmentImporter:
    """Judgments of a project, or its items."""

    name = "judgments"
    job = (
        "Judgments: item, contributor, value, and judgment (a key), reason, guideline, started_at, "
        "made_at, prompt, a, b, text, topic; or --kind items: item, its texts, topic, "
        "attributes, gold."
    )
    settings = (
        Setting("project", "The project's name.", is_place=True),
        Setting("kind", f"What the file holds: {', '.join(_KINDS)}; else judgments of its kind."),
        Setting("contributors", "Who judged: person or model; people if left out."),
    )

    def begin(
        self, said: Mapping[str, str], *, actor: Actor, now: AwareDatetime
    ) -> ImportKind[Any]:
        """Return the kind for one import.

        raises   NotFound, NotAuthorised, ProjectClosed, WrongKind
        """
        del now
        project = importing(actor, said["project"])
        kind = said["kind"] or project.kind
        if kind not in _KINDS:
            raise WrongKind(f"--kind {kind[:40]!r} is none of {', '.join(_KINDS)}")
        if kind == ITEMS:
            return ItemImport(project)
        if kind != project.kind:
            raise WrongKind(f"{project.name} takes {project.kind} judgments, not {kind}")
        who = said["contributors"] or ContributorKind.PERSON
        if who not in list(ContributorKind):
            raise WrongKind(f"--contributors {who[:40]!r} is neither person nor model")
        return JudgmentImport(project, ContributorKind(who))
