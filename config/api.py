"""Assembles each app's API under /api/v1/, with its description and the address of the national search."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from cells.api.docs import UnknownPath, docs
from employers.api import urls as employers
from matching.api import urls as matching
from youth.api import urls as youth

v1 = [
    *employers.v1,
    *youth.v1,
    *matching.v1,
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", docs, name="docs"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include(v1)),
    *employers.national,
    re_path(r"^(?P<path>.*)$", UnknownPath.as_view(), name="unknown"),
]
