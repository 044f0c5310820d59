"""Projects small enough to count by hand, and how files come into them, for the room's tests."""

import io
import json

from scuderia.datasets.nouns import ContributorKind, ProjectKind
from scuderia.datasets.operations.data_imports import importing
from scuderia.datasets.operations.item_imports import ItemImport
from scuderia.datasets.operations.judgment_imports import JudgmentImport
from scuderia.datasets.operations.projects import ProjectTerms, add_project
from scuderia.intake.archives import Source
from scuderia.intake.pipeline import ImportOptions, OnError, run_import
from scuderia.intake.profiles import Profile
from tests.freeze.small_fleet import NOW, person


def add(name="pairs", *, customer="aurora", kind=ProjectKind.PAIRWISE, by="lara", **terms):
    """Bring a project of three items, judged twice each, onto the books."""
    said = ProjectTerms(**{"target_items": 3, "judgments_per_item": 2} | terms)
    add_project(actor=person(by), name=name, customer=customer, kind=kind, terms=said, now=NOW)


def load(*rows, into="pairs", by="lara", items=False, who=ContributorKind.PERSON, **options):
    """Import rows of judgments, or of items."""
    actor = person(by)
    project = importing(actor, into)
    kind = ItemImport(project) if items else JudgmentImport(project, who)
    return run_rows(kind, rows, actor=actor, **options)


def run_rows(kind, rows, *, actor, **options):
    """Import rows of this kind."""
    text = "\n".join(map(json.dumps, rows))
    source = Source("rows.jsonl", stream=io.BytesIO(text.encode()))
    told = ImportOptions(on_error=OnError.ABORT, **options)
    return run_import(kind, source, Profile(), told, actor=actor, now=NOW)


def said(item, contributor, value, **more):
    """Return a row of judgments, made at noon of day 1 unless it says otherwise."""
    made = {"made_at": "2026-07-01T12:00:00Z"}
    return {"item": item, "contributor": contributor, "value": value} | made | more
