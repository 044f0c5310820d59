"""What the toy room shows in a process of its own: printed as one JSON object, for the tests."""

import json
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "scuderia.config.settings"

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.staticfiles import finders  # noqa: E402
from django.test import Client  # noqa: E402

from scuderia.loop.ports import registry  # noqa: E402
from scuderia.web.page_chrome import place_of  # noqa: E402


def main() -> None:
    """Open the pages and the API as the owner, and print what came."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(get_user_model().objects.earliest("pk"))
    page, now = client.get("/depot"), client.get("/")
    answer = client.get("/api/v1/depot/crates")
    json.dump(
        {
            "page": [page.status_code, page.content.decode()],
            "navigation": 'href="/depot"' in now.content.decode(),
            "place": place_of("crate:A-1"),
            "api": [answer.status_code, answer.json()],
            "schema": "/api/v1/depot/crates" in client.get("/api/v1/openapi.json").json()["paths"],
            "stylesheet": bool(finders.find("depot/depot.css")),
            "kinds": sorted(registry.executors),
            "agents": sorted(registry.agents),
            "powers": sorted(registry.powers),
        },
        sys.stdout,
    )


main()
