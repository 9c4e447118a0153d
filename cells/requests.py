"""A request as our views receive it."""

from django.http import HttpRequest

from cells.models import Membership
from cells.scoping import Viewer


class ScreenRequest(HttpRequest):
    """What ViewerMiddleware adds; never built by hand."""

    viewer: Viewer
    membership: Membership | None
