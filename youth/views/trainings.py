"""Trainings that no file key names: a human says once what they are."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from cells.directory import search_trainings, training_by_uuid
from cells.errors import RefusedError
from cells.forms import posted
from cells.views.access import counsellor_screen
from cells.views.paging import page_of, query_without_page
from youth.forms import TrainingAnswerForm
from youth.models import Wish
from youth.services.wishes import UnresolvedTraining, group_unresolved, resolve_training


@counsellor_screen
def training_unresolved(request: HttpRequest) -> HttpResponse:
    groups = group_unresolved(Wish.objects.visible_to(request.viewer))
    context = {
        "page": page_of(request, groups),
        "query": query_without_page(request),
        "total": sum(group.wishes for group in groups),
    }
    return render(request, "youth/training_unresolved.html", context)


@counsellor_screen
def training_resolve(request: HttpRequest) -> HttpResponse:
    """Search a training for one key (GET), then file the answer (POST). Somebody may have answered meanwhile."""
    group = find_group(request, request.POST.get("key") or request.GET.get("cle", ""))
    if group is None:
        return render(request, "youth/training_resolved.html")
    form = TrainingAnswerForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            count = answer(request, group, form)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Formation reconnue pour {count} vœu{'x' if count > 1 else ''}.")
            return redirect("youth:training-unresolved")
    words = request.GET.get("q") or group.labels[0]
    context = {"group": group, "form": form, "words": words, "trainings": search_trainings(words)}
    return render(request, "youth/training_resolve.html", context, status=422 if form.errors else 200)


def answer(request: HttpRequest, group: UnresolvedTraining, form: TrainingAnswerForm) -> int:
    training = training_by_uuid(form.cleaned_data["training"])
    if training is None:
        raise RefusedError("Cette formation n’existe plus : choisissez-en une autre.")
    return resolve_training(key=group.key, training=training, by=request.viewer)


def find_group(request: HttpRequest, key: str) -> UnresolvedTraining | None:
    """Only keys asked by wishes the viewer sees: an answer counts for every cell."""
    groups = group_unresolved(Wish.objects.visible_to(request.viewer))
    return next((group for group in groups if group.key == key), None)
