"""The loop as a Django app."""

from django.apps import AppConfig


class LoopConfig(AppConfig):
    """Signals, findings, proposals, decisions, actions, outcomes; authority; audit."""

    name = "scuderia.loop"
    label = "loop"
    default_auto_field = "django.db.models.BigAutoField"
