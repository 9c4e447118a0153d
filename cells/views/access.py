"""The door of every counsellor screen."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cells.predicates import can_work_cases
from cells.scoping import Viewer

View = Callable[..., HttpResponse]


def screen_for(may: Callable[[Viewer], bool]) -> Callable[[View], View]:
    """Refuse (403) whoever the predicate refuses; say what to do to someone no cell has opened its doors to."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.membership is None:
                return render(request, "cells/no_membership.html", status=403)
            if not may(request.viewer):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return decorate


counsellor_screen = screen_for(can_work_cases)
