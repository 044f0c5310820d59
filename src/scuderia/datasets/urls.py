"""The projects' addresses."""

from django.urls import path

from scuderia.datasets.pages import projects

urlpatterns = [
    path("projects", projects.projects, name="projects"),
    path("projects/<str:name>", projects.project, name="project"),
    path("projects/<str:name>/state", projects.project_state, name="project-state"),
]
