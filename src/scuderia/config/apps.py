"""The Django app that puts the product together once its tables' classes are loaded."""

from django.apps import AppConfig


class ConfigApp(AppConfig):
    """Runs the wiring when Django is ready; owns no tables."""

    name = "scuderia.config"
    label = "config"

    def ready(self) -> None:
        """Register every port; reads no table, so that `migrate` can run on an empty home."""
        from scuderia.config import wiring

        wiring.register()
