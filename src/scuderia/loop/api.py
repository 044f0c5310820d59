"""The loop over JSON: translate a request, call once, answer."""

from ninja import Router

router = Router()
