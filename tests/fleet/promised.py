"""Books of tests: a customer with one promise, prices from the beginning."""

from scuderia.fleet.engine import facts

BEGINNING = "1900-01-01"


def customer(name, target=None, zone="UTC", **more):
    """Return a customer that was promised this from the beginning; nothing without a target."""
    slas = () if target is None else (facts.SlaFact(BEGINNING, target, zone),)
    return facts.CustomerFact(name, slas, **more)


def prices(**cents):
    """Return the prices of node types from the beginning."""
    return [facts.PriceFact(sku, BEGINNING, price) for sku, price in cents.items()]
