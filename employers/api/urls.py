from django.urls import path

from employers.api.views import NationalSearchViewSet, OfferViewSet

v1 = [
    path("offers", OfferViewSet.as_view({"get": "list"}), name="offer-list"),
    path("offers/<uuid:uuid>", OfferViewSet.as_view({"get": "retrieve"}), name="offer-read"),
]
national = [path("job/v1/search", NationalSearchViewSet.as_view({"get": "list"}), name="national-search")]
