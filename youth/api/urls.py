from django.urls import path

from youth.api.views import YoungPersonViewSet

v1 = [
    path("young-people", YoungPersonViewSet.as_view({"get": "list"}), name="young-person-list"),
    path("young-people/<uuid:uuid>", YoungPersonViewSet.as_view({"get": "retrieve"}), name="young-person-read"),
]
