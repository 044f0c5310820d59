"""Django's entry for the fleet's room."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """The books of the fleet: what stands where, what broke, who lost which hour."""

    name = "scuderia.fleet"
    label = "fleet"
    verbose_name = "Fleet"
