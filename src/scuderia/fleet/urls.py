"""The fleet's addresses."""

from django.urls import path

from scuderia.fleet.pages import board, customer, node

urlpatterns = [
    path("fleet", board.fleet, name="fleet"),
    path("fleet/find", board.find, name="find"),
    path("fleet/report", customer.whole, name="fleet-report"),
    path("fleet/nodes/<str:name>", node.node, name="node"),
    path("fleet/customers/<str:name>", customer.customer, name="customer"),
    path("fleet/customers/<str:name>/packet", customer.packet, name="packet"),
]
