"""Bodies too large to be read at all."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse

TOO_LARGE = "Envoi trop gros ({size} Mo au plus) : découpez le fichier."


class BodyLimitMiddleware:
    """Answers 413 before CSRF and views read the body, which an upload fills the disk with.

    A WSGI server gives us no more than CONTENT_LENGTH: what it says is what would be read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = length_of(request)
        # The session is looked at for large bodies only.
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and length > (limit := limit_of(request)):
            text = TOO_LARGE.format(size=limit // 1024**2)
            return HttpResponse(text, status=413, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


def length_of(request: HttpRequest) -> int:
    """0 when it is missing or absurd, as Django reads it."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def limit_of(request: HttpRequest) -> int:
    """The largest file, and room for the form around it; for whoever is not signed in, a form alone."""
    room = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return settings.MAX_UPLOAD_SIZE + room if get_user(request).is_authenticated else room
