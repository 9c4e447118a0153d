"""Changing where and how far a young person looks."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from cells.errors import RefusedError
from cells.forms import posted
from cells.reading import note_reading
from cells.views.access import counsellor_screen
from youth.search_area_form import SearchAreaForm, search_area_of
from youth.services.search_area import change_search_area
from youth.views.people import find_person


@counsellor_screen
def search_area(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`?rayon=50` proposes a radius; nothing changes before the form is sent."""
    person = find_person(request, uuid)
    note_reading("person.read", by=request.viewer, target_kind="youngperson", target_uuids=[person.uuid])
    form = SearchAreaForm(posted(request), initial=search_area_of(person, request.GET.get("rayon", "")))
    if request.method == "POST" and form.is_valid():
        asked = dict(form.cleaned_data)
        try:
            change_search_area(person, by=request.viewer, commune=asked.pop("place"), **asked)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Recherche modifiée. Elle comptera au prochain rapprochement.")
            return redirect("youth:person-detail", person.uuid)
    context = {"person": person, "form": form}
    return render(request, "youth/search_area.html", context, status=422 if form.errors else 200)
