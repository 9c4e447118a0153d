"""Wishes typed in by a counsellor."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from cells.directory import search_occupations
from cells.errors import RefusedError
from cells.forms import posted
from cells.views.access import counsellor_screen
from youth.forms import CloseWishForm, WishForm
from youth.models import Wish
from youth.services.wishes import add_wish, close_wish
from youth.views.people import find_person

FEWEST_LETTERS = 2


@counsellor_screen
def wish_add(request: HttpRequest, uuid: UUID) -> HttpResponse:
    person = find_person(request, uuid)
    form = WishForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            add_wish(young_person=person, by=request.viewer, **form.cleaned_data)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Vœu ajouté. Il comptera au prochain rapprochement.")
            return redirect("youth:person-detail", person.uuid)
    return render(request, "youth/wish_add.html", {"person": person, "form": form}, status=422 if form.errors else 200)


@counsellor_screen
def wish_close(request: HttpRequest, uuid: UUID) -> HttpResponse:
    wishes = Wish.objects.visible_to(request.viewer).open().select_related("young_person")
    wish = get_object_or_404(wishes, uuid=uuid)
    form = CloseWishForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            close_wish(wish, reason=form.cleaned_data["reason"], by=request.viewer)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Vœu clos. Le jeune ne sera plus rapproché d’offres pour ce vœu.")
            return redirect("youth:person-detail", wish.young_person.uuid)
    context = {"person": wish.young_person, "wish": wish, "form": form}
    return render(request, "youth/wish_close.html", context, status=422 if form.errors else 200)


@counsellor_screen
def occupation_options(request: HttpRequest) -> HttpResponse:
    """Suggestions under the field, for browsers that run htmx."""
    words = request.GET.get("occupation", "").replace("\x00", "")  # PostgreSQL refuses it
    found = search_occupations(words) if len(words) >= FEWEST_LETTERS else []
    return render(request, "youth/_occupation_options.html", {"occupations": found})
