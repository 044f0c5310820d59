"""What the search finds of projects: those within reach, by name, title or customer."""

from django.db.models import Q
from django.urls import reverse

from scuderia.basics.actors import Actor
from scuderia.datasets.queries.projects import projects_within_reach
from scuderia.web.search import SearchHit


def search_projects(actor: Actor, text: str, limit: int) -> tuple[SearchHit, ...]:
    """Return the projects that the actor may read whose words hold every word of the text."""
    found = projects_within_reach(actor)
    for word in text.split():
        found = found.filter(
            Q(name__icontains=word) | Q(title__icontains=word) | Q(customer__icontains=word)
        )
    rows = found.order_by("name").values_list("name", "customer", "state")[:limit]
    return tuple(
        SearchHit(name, "project", reverse("project", args=[name]), f"{customer}, {state}")
        for name, customer, state in rows
    )
