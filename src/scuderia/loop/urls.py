"""The loop's addresses."""

from django.urls import path

from scuderia.loop.pages import action, audit, brake, crew, now, proposal

urlpatterns = [
    path("", now.now, name="now"),
    path("loop", now.loop, name="loop"),
    path("proposals/<str:proposal_id>", proposal.proposal, name="proposal"),
    path("proposals/<str:proposal_id>/approve", proposal.approve),
    path("proposals/<str:proposal_id>/reject", proposal.reject),
    path("proposals/<str:proposal_id>/edit", proposal.edit),
    path("actions/<str:action_id>", action.action, name="action"),
    path("actions/<str:action_id>/undo", action.undo_it),
    path("actions/<str:action_id>/resume", action.resume),
    path("actions/<str:action_id>/halt", action.halt),
    path("crew", crew.crew, name="crew"),
    path("crew/look", crew.look_now),
    path("crew/<str:name>", crew.agent, name="agent"),
    path("brake", brake.brake, name="brake"),
    path("brake/set", brake.set_it),
    path("brake/lift", brake.lift_it),
    path("audit", audit.audit, name="audit"),
    path("audit/export", audit.export),
]
