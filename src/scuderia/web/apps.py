"""The web room as a Django app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The look: tokens, components, the page shell, the gallery."""

    name = "scuderia.web"
    label = "web"
