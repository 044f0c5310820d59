"""The loop's addresses."""

from django.urls import path

from scuderia.loop.pages import (
    actions,
    agents,
    audit,
    brakes,
    now,
    passwords,
    people,
    proposals,
    sign_ins,
)

urlpatterns = [
    path("", now.now, name="now"),
    path("loop", now.loop, name="loop"),
    path("proposals/<uuid:proposal_id>", proposals.proposal, name="proposal"),
    path("proposals/<uuid:proposal_id>/approve", proposals.approve, name="proposal-approve"),
    path("proposals/<uuid:proposal_id>/reject", proposals.reject, name="proposal-reject"),
    path("proposals/<uuid:proposal_id>/edit", proposals.edit, name="proposal-edit"),
    path("actions/<uuid:action_id>", actions.action, name="action"),
    path("actions/<uuid:action_id>/undo", actions.undo_it, name="action-undo"),
    path("actions/<uuid:action_id>/resume", actions.resume, name="action-resume"),
    path("actions/<uuid:action_id>/halt", actions.halt, name="action-halt"),
    path("actions/<uuid:action_id>/cancel", actions.cancel, name="action-cancel"),
    path("crew", agents.crew, name="crew"),
    path("crew/look", agents.look_now, name="crew-look"),
    path("crew/<str:name>", agents.agent, name="agent"),
    path("brake", brakes.brake, name="brake"),
    path("brake/set", brakes.set_it, name="brake-set"),
    path("brake/lift", brakes.lift_it, name="brake-lift"),
    path("sign-in", sign_ins.sign_in, name="sign-in"),
    path("sign-out", sign_ins.sign_out, name="sign-out"),
    path("password", passwords.password, name="password"),
    path("password/<str:person>/<str:secret>", passwords.chosen, name="password-link"),
    path("people", people.everyone, name="people"),
    path("people/<str:name>", people.person, name="person"),
    path("people/<str:name>/role", people.give_role, name="person-role"),
    path("people/<str:name>/unrole", people.take_role, name="person-unrole"),
    path("people/<str:name>/password-link", people.give_link, name="person-link"),
    path("people/<str:name>/deactivate", people.deactivate, name="person-deactivate"),
    path("people/<str:name>/reactivate", people.reactivate, name="person-reactivate"),
    path("people/<str:name>/revoke", people.revoke_token, name="person-revoke"),
    path("audit", audit.audit, name="audit"),
    path("audit/export", audit.export, name="audit-export"),
]
