"""« Aujourd’hui » : what there is to do. The apps above bring their own part, by address."""

from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cells.models import ImportBatch
from cells.views.access import counsellor_screen

RECENT = timedelta(days=14)
TROUBLED = Q(refused_count__gt=0) | Q(state__in=[ImportBatch.State.REFUSED, ImportBatch.State.INTERRUPTED])


@counsellor_screen
def home(request: HttpRequest) -> HttpResponse:
    batches = ImportBatch.objects.visible_to(request.viewer)
    recent = batches.filter(started_at__gte=timezone.now() - RECENT)
    return render(
        request,
        "cells/home.html",
        {
            "running_imports": batches.filter(state__in=[ImportBatch.State.WAITING, ImportBatch.State.RUNNING]),
            "troubled_imports": recent.filter(TROUBLED)[:5],
            "today": timezone.localdate(),
        },
    )
