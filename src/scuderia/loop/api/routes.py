"""The loop over JSON: what the pages show, and the same few acts through the same operations."""

from ninja import Router

from scuderia.loop.api import (
    actions,
    agents,
    approval_rules,
    audit,
    brakes,
    evidence,
    findings,
    grants,
    past_looks,
    people,
    proposals,
    search,
    signals,
    subscriptions,
)

router = Router()
for _noun in (
    proposals,
    findings,
    signals,
    actions,
    agents,
    past_looks,
    evidence,
    brakes,
    grants,
    approval_rules,
    people,
    subscriptions,
    audit,
    search,
):
    router.add_router("", _noun.router)
