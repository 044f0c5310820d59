"""The stage and the cast, for every page's test."""

from tests.pages.staged import as_person, changed_world, filled, stage

__all__ = ["as_person", "changed_world", "filled", "stage"]
