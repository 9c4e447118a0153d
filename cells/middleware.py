"""Builds `request.viewer` once, from the membership the signed-in person works under."""

from collections.abc import Callable

from django.http import HttpResponse

from cells.models import Membership
from cells.requests import ScreenRequest
from cells.scoping import NOBODY, viewer_for_membership

SESSION_KEY = "membership"


class ViewerMiddleware:
    def __init__(self, get_response: Callable[[ScreenRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: ScreenRequest) -> HttpResponse:
        request.membership = current_membership(request)
        request.viewer = viewer_for_membership(request.membership) if request.membership else NOBODY
        return self.get_response(request)


def current_membership(request: ScreenRequest) -> Membership | None:
    """The membership chosen in this session, else the oldest one still open: a new one changes nothing by itself."""
    if not request.user.is_authenticated:
        return None
    open_ones = list(
        request.user.memberships.current().select_related("cell", "organisation", "user").order_by("started_at", "pk")
    )
    chosen = request.session.get(SESSION_KEY)
    return next((one for one in open_ones if one.pk == chosen), open_ones[0] if open_ones else None)
