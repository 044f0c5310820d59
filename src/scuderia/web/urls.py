"""The web room's own addresses: sign in, sign out, the gallery."""

from django.urls import path

from scuderia.web.pages.gallery import gallery
from scuderia.web.pages.search import search
from scuderia.web.pages.sign_in import sign_in, sign_out

urlpatterns = [
    path("sign-in", sign_in, name="sign-in"),
    path("sign-out", sign_out, name="sign-out"),
    path("search", search, name="search"),
    path("_gallery", gallery, name="gallery"),
]
