"""Calls the API as a script does: with one bearer token, in JSON."""

import json
from datetime import timedelta

from django.test import Client

from scuderia.basics.subjects import EVERYTHING
from scuderia.datasets.nouns import DataPower
from scuderia.freeze.nouns import ZonePower
from scuderia.loop.nouns import Power
from scuderia.loop.operations import people
from scuderia.loop.ports import registry
from tests.pages.stage import ADA

WHOLE = (*Power, *ZonePower, *DataPower)


class Caller:
    """One person's token and a client that enforces CSRF; tokens age by the wall's clock."""

    def __init__(self, person, powers=WHOLE, scope=EVERYTHING, life=timedelta(days=1)):
        now = registry.wall.now()
        issued = people.issue_token(
            actor=ADA, person=person, name=f"{person} script", powers=powers, scope=scope,
            expires_at=now + timedelta(days=1), now=now,
        )  # fmt: skip
        if life < timedelta(0):
            from scuderia.loop.models.people import ApiToken

            ApiToken.objects.filter(name=issued.name).update(expires_at=now + life)
        self.token_name = issued.name
        self.secret = issued.secret
        self.headers = {"Authorization": f"Bearer {issued.secret}"}
        self.client = Client(enforce_csrf_checks=True)

    def get(self, path):
        answer = self.client.get(f"/api/v1{path}", headers=self.headers)
        if answer.streaming:
            answer.text_sent = answer.getvalue().decode()
        return answer

    def items(self, path):
        answer = self.get(path)
        assert answer.status_code == 200, answer.content
        return answer.json()["items"]

    def post(self, path, body, *, method="post"):
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return getattr(self.client, method)(
            f"/api/v1{path}", text, content_type="application/json", headers=self.headers
        )
