"""Pages the law asks for, and what a browser gets when something is wrong. Nobody signs in to read them."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cells.directory import active_cells


@login_not_required
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "cells/accessibility.html", {"cells": active_cells()})


@login_not_required
def legal(request: HttpRequest) -> HttpResponse:
    return render(request, "cells/legal.html")


@login_not_required
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "cells/privacy.html", {"cells": active_cells()})


@login_not_required
def cookies(request: HttpRequest) -> HttpResponse:
    return render(request, "cells/cookies.html")


@login_not_required
def site_map(request: HttpRequest) -> HttpResponse:
    return render(request, "cells/site_map.html")
