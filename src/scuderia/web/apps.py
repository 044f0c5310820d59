"""The web room, and what every room's Django app is made of."""

import pkgutil
from importlib import import_module
from types import ModuleType

from django.apps import AppConfig

from scuderia.basics.rooms import Room


class RoomConfig(AppConfig):
    """A room as a Django app: its tables stand one file a noun, and all of them are loaded."""

    default = False  # Django chooses among the classes of an apps.py: never this one
    default_auto_field = "django.db.models.BigAutoField"

    def __init_subclass__(cls) -> None:
        """Make whoever derives from this the app's own choice again."""
        super().__init_subclass__()
        cls.default = True

    def import_models(self) -> None:
        """Load the tables, one module per noun; the package itself stays empty."""
        super().import_models()
        package: ModuleType | None = self.models_module
        for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
            import_module(f"{self.name}.models.{module.name}")


ROOM = Room(
    name="web",
    urls="scuderia.web.urls",
    stylesheets=tuple(
        f"web/components/{name}.css"
        for name in (
            "frame", "panel", "status", "card", "table", "button", "field", "data_table", "search",
            "empty", "toast", "timeline", "chart", "decide", "track", "paths", "tiles",
        )
    ),
)  # fmt: skip


class WebConfig(RoomConfig):
    """The look: tokens, components, the page chrome, the gallery."""

    name = "scuderia.web"
    label = "web"
