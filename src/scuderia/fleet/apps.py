"""Django's entry for the fleet's room."""

from importlib import import_module

from django.apps import AppConfig

TABLES = (
    "inventory",
    "customers",
    "spare_pools",
    "allocations",
    "outages",
    "repairs",
    "observations",
)


class FleetConfig(AppConfig):
    """The books of the fleet: what stands where, what broke, who lost which hour."""

    name = "scuderia.fleet"
    label = "fleet"
    verbose_name = "Fleet"

    def import_models(self) -> None:
        """Load the tables, one module per noun; the package itself stays empty."""
        super().import_models()
        for noun in TABLES:
            import_module(f"scuderia.fleet.models.{noun}")
