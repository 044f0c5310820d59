"""The loop as a Django app."""

from importlib import import_module

from django.apps import AppConfig


class LoopConfig(AppConfig):
    """Signals, findings, proposals, decisions, actions, outcomes; authority; audit."""

    name = "scuderia.loop"
    label = "loop"
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        """Load the tables, one module per noun; the package itself stays empty."""
        super().import_models()
        for noun in ("seen", "given", "proposed", "done", "people", "kept"):
            import_module(f"scuderia.loop.models.{noun}")
