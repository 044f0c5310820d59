"""The loop's addresses."""

from django.urls import path

from scuderia.loop.pages import actions, agents, audit, brakes, now, proposals

urlpatterns = [
    path("", now.now, name="now"),
    path("loop", now.loop, name="loop"),
    path("proposals/<str:proposal_id>", proposals.proposal, name="proposal"),
    path("proposals/<str:proposal_id>/approve", proposals.approve),
    path("proposals/<str:proposal_id>/reject", proposals.reject),
    path("proposals/<str:proposal_id>/edit", proposals.edit),
    path("actions/<str:action_id>", actions.action, name="action"),
    path("actions/<str:action_id>/undo", actions.undo_it),
    path("actions/<str:action_id>/resume", actions.resume),
    path("actions/<str:action_id>/halt", actions.halt),
    path("crew", agents.crew, name="crew"),
    path("crew/look", agents.look_now),
    path("crew/<str:name>", agents.agent, name="agent"),
    path("brake", brakes.brake, name="brake"),
    path("brake/set", brakes.set_it),
    path("brake/lift", brakes.lift_it),
    path("audit", audit.audit, name="audit"),
    path("audit/export", audit.export),
]
