from django.urls import path

from matching.api.views import OfferPeopleViewSet, PersonOffersViewSet

v1 = [
    path("young-people/<uuid:uuid>/offers", PersonOffersViewSet.as_view({"get": "offers"}), name="young-person-offers"),
    path(
        "offers/<uuid:uuid>/young-people",
        OfferPeopleViewSet.as_view({"get": "young_people"}),
        name="offer-young-people",
    ),
]
