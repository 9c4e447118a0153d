"""Pages that are the same for everybody."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

View = Callable[..., HttpResponse]


def open_page(seconds: int) -> Callable[[View], View]:
    """No sign-in, reading only, kept by shared caches for so many seconds."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response = view(request, *args, **kwargs)
            # Middlewares looked at the session, the page did not: caches need not tell visitors apart by cookie.
            request.session.accessed = False
            return response

        return login_not_required(require_safe(cache_control(public=True, max_age=seconds)(answered)))

    return decorate
