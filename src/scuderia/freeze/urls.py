"""The no-fly zones' addresses."""

from django.urls import path

from scuderia.freeze.pages import zones

urlpatterns = [
    path("zones", zones.zones, name="zones"),
    path("zones/<uuid:zone_id>", zones.zone, name="zone"),
    path("zones/<uuid:zone_id>/approve", zones.approve, name="zone-approve"),
    path("zones/<uuid:zone_id>/reject", zones.reject, name="zone-reject"),
    path("zones/<uuid:zone_id>/extend", zones.extend, name="zone-extend"),
    path("zones/<uuid:zone_id>/end", zones.end, name="zone-end"),
]
