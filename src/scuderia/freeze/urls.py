"""The no-fly zones' addresses."""

from django.urls import path

from scuderia.freeze.pages import calendar, may_i, zone_report, zone_requests, zones

urlpatterns = [
    path("zones", zones.zones, name="zones"),
    path("zones/new", zone_requests.ask_for_zone, name="zone-request"),
    path("zones/<uuid:zone_id>", zones.zone, name="zone"),
    path("zones/<uuid:zone_id>/report", zone_report.report, name="zone-report"),
    path("zones/<uuid:zone_id>/report/envelope", zone_report.envelope, name="zone-report-envelope"),
    path("zones/<uuid:zone_id>/approve", zones.approve, name="zone-approve"),
    path("zones/<uuid:zone_id>/reject", zones.reject, name="zone-reject"),
    path("zones/<uuid:zone_id>/extend", zones.extend, name="zone-extend"),
    path("zones/<uuid:zone_id>/end", zones.end, name="zone-end"),
    path("zones/<uuid:zone_id>/draft", zones.draft, name="zone-draft"),
    path("zones/<uuid:zone_id>/adopt/<uuid:replan_id>", zones.adopt, name="zone-adopt"),
    path("calendar", calendar.calendar, name="calendar"),
    path("calendar.ics", calendar.feed, name="calendar-feed"),
    path("may-i", may_i.may_i, name="may-i"),
]
