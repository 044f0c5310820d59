"""The loop as a Django app."""

from importlib import import_module

from django.apps import AppConfig

_NOUNS = (
    "signals", "findings", "agents", "grants", "brakes", "proposals", "decisions", "actions",
    "effects", "outcomes", "people", "audit", "workers",
)  # fmt: skip


class LoopConfig(AppConfig):
    """Signals, findings, proposals, decisions, actions, outcomes; authority; audit."""

    name = "scuderia.loop"
    label = "loop"
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        """Load the tables, one module per noun; the package itself stays empty."""
        super().import_models()
        for noun in _NOUNS:
            import_module(f"scuderia.loop.models.{noun}")
