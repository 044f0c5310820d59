"""The web room's own addresses: search and the gallery."""

from django.urls import path

from scuderia.web.pages.gallery import gallery
from scuderia.web.pages.search import search

urlpatterns = [
    path("search", search, name="search"),
    path("_gallery", gallery, name="gallery"),
]
