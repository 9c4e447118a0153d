"""The door of every counsellor screen."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cells.predicates import can_stop_campaigns, can_work_cases, can_work_whole_cell
from cells.scoping import Viewer

View = Callable[..., HttpResponse]
WHOLE_CELL = (
    "Cette action porte sur toute la cellule, et votre accès est limité à certains départements. "
    "Demandez-la au responsable de votre cellule."
)


def screen_for(may: Callable[[Viewer], bool], refusal: str = "") -> Callable[[View], View]:
    """Refuse (403) whoever the predicate refuses; say what to do to someone no cell has opened its doors to.

    `refusal` is what a counsellor is told.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.membership is None:
                return render(request, "cells/no_membership.html", status=403)
            if not may(request.viewer):
                raise PermissionDenied(refusal if can_work_cases(request.viewer) else "")
            return view(request, *args, **kwargs)

        return checked

    return decorate


MANAGERS_ONLY = "Seul un responsable de cellule arrête ou relance tous les envois. Prévenez le vôtre."

counsellor_screen = screen_for(can_work_cases)
whole_cell_screen = screen_for(can_work_whole_cell, WHOLE_CELL)
manager_screen = screen_for(can_stop_campaigns, MANAGERS_ONLY)
