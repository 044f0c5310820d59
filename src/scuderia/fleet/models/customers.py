"""Who holds nodes."""

from scuderia.fleet.models.columns import Named


class Customer(Named):
    """Who holds nodes and was promised something."""
