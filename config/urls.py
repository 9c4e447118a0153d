"""Table of contents of the site."""

from django.contrib import admin
from django.urls import include, path

from config import api
from config.health import healthz

urlpatterns = [
    path("", include("cells.urls")),
    path("", include("youth.urls")),
    path("", include("employers.urls")),
    path("", include("matching.urls")),
    path("api/", include(api.urlpatterns)),
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
]
