"""The fleet's addresses."""

from django.urls import path

from scuderia.fleet.pages import board, customers, describe, nodes

urlpatterns = [
    path("fleet", board.fleet, name="fleet"),
    path("fleet/find", board.find, name="find"),
    path("fleet/describe", describe.describe, name="fleet-describe"),
    path("fleet/report", customers.whole, name="fleet-report"),
    path("fleet/nodes/<str:name>", nodes.node, name="node"),
    path("fleet/nodes/<str:name>/amend", nodes.amend, name="node-amend"),
    path("fleet/customers/<str:name>", customers.customer, name="customer"),
    path("fleet/customers/<str:name>/packet", customers.packet, name="packet"),
    path("fleet/customers/<str:name>/sla", customers.state_sla, name="customer-sla"),
    path("fleet/customers/<str:name>/price", customers.state_price, name="customer-price"),
    path("fleet/customers/<str:name>/exclusion", customers.exclude, name="customer-exclusion"),
]
