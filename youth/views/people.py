"""The list of people, one person's file, and what youth says of today."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from cells.mailing.suppressions import dead_addresses
from cells.reading import note_reading
from cells.services.audit import record_action
from cells.views.access import counsellor_screen
from cells.views.csv_export import csv_response
from cells.views.fragments import page_or_fragment
from cells.views.paging import page_of, query_without_page
from youth.forms import CloseWishForm, PersonFilterForm
from youth.journey import journey_of
from youth.models import Wish, YoungPerson
from youth.selection import select_people, with_open_wishes

FILTERS_COOKIE = "filtres_jeunes"
NEWEST = 5
SITUATION_LABELS = {
    YoungPerson.Situation.SEEKING: ("jeune en recherche", "jeunes en recherche"),
    YoungPerson.Situation.IN_CONTRACT: ("jeune en contrat", "jeunes en contrat"),
    YoungPerson.Situation.NOT_SEEKING: ("jeune qui ne cherche plus", "jeunes qui ne cherchent plus"),
}


@counsellor_screen
def person_list(request: HttpRequest) -> HttpResponse:
    """Filters live in the address; those chosen last come back on a bare address. A cookie keeps them: no writing."""
    if not request.GET and (remembered := request.COOKIES.get(FILTERS_COOKIE)):
        return redirect(f"{reverse('youth:person-list')}?{remembered}")
    form = PersonFilterForm(request.membership.cell, request.GET)
    criteria = form.criteria()
    people = select_people(YoungPerson.objects.visible_to(request.viewer), criteria)
    page = page_of(request, with_open_wishes(people))
    shown = [person.uuid for person in page]
    note_reading("person.listed", by=request.viewer, target_kind="youngperson", target_uuids=shown)
    context = {
        "form": form,
        "is_filtered": bool(set(criteria) - {"tri"}),
        "page": page,
        "query": query_without_page(request),
    }
    response = page_or_fragment(request, "youth/person_list.html", "youth/_person_results.html", context)
    remember_filters(response, criteria)
    return response


def remember_filters(response: HttpResponse, criteria: dict[str, Any]) -> None:
    """Never the words searched for: they are names."""
    kept = urlencode({name: value for name, value in criteria.items() if name != "q"})
    if kept:
        response.set_cookie(FILTERS_COOKIE, kept, path=reverse("youth:person-list"), httponly=True, samesite="Lax")
    else:
        response.delete_cookie(FILTERS_COOKIE, path=reverse("youth:person-list"))


@require_POST
@counsellor_screen
def person_export(request: HttpRequest) -> HttpResponse:
    """The people the filters show, as a spreadsheet. Nominative: audited with its size and filters."""
    form = PersonFilterForm(request.membership.cell, QueryDict(request.POST.get("filters", "")))
    criteria = form.criteria()
    people = select_people(YoungPerson.objects.visible_to(request.viewer), criteria)
    codes = {name: value for name, value in criteria.items() if name != "q"}
    facts = {"count": people.count(), "filters": codes, "searched": "q" in criteria}
    record_action("person.exported", by=request.viewer, facts=facts)
    name = f"jeunes-{timezone.localdate():%Y-%m-%d}.csv"
    return csv_response(name, EXPORT_HEAD, map(export_row, with_open_wishes(people).iterator(chunk_size=500)))


EXPORT_HEAD = (
    "INE", "Nom", "Prénom", "Date de naissance", "Situation", "Adresse électronique", "Téléphone",
    "Code postal", "Ville", "Établissement d’origine", "Vœux ouverts",
)  # fmt: skip


def export_row(person: YoungPerson) -> list[Any]:
    wishes = " | ".join(f"{wish.rank}. {wish.label}" for wish in person.open_wishes)
    born = f"{person.birth_date:%d/%m/%Y}" if person.birth_date else ""
    return [
        person.ine, person.last_name, person.first_name, born, person.get_situation_display(), person.email,
        person.phone, person.postcode, person.city, person.origin_school, wishes,
    ]  # fmt: skip


@counsellor_screen
def person_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    person = find_person(request, uuid)
    note_reading("person.read", by=request.viewer, target_kind="youngperson", target_uuids=[person.uuid])
    wishes = list(person.wishes.select_related("training", "occupation", "level", "batch"))
    context = {
        "person": person,
        "guardians": person.guardians.all(),
        "open_wishes": sorted((wish for wish in wishes if not wish.closed_at), key=lambda wish: wish.rank),
        "closed_wishes": [wish for wish in wishes if wish.closed_at],
        "close_form": CloseWishForm(),
        "events": journey_of(person)[:8],
    }
    return render(request, "youth/person_detail.html", context)


@counsellor_screen
def person_history(request: HttpRequest, uuid: UUID) -> HttpResponse:
    person = find_person(request, uuid)
    note_reading("person.read", by=request.viewer, target_kind="youngperson", target_uuids=[person.uuid])
    context = {"person": person, "events": journey_of(person)}
    return page_or_fragment(request, "youth/person_history.html", "youth/_timeline.html", context)


def find_person(request: HttpRequest, uuid: UUID) -> YoungPerson:
    """404 outside the viewer's scope: nothing says whether the person exists."""
    people = YoungPerson.objects.visible_to(request.viewer).select_related("commune__department", "referent")
    return get_object_or_404(people, uuid=uuid)


@counsellor_screen
def today(request: HttpRequest) -> HttpResponse:
    people = YoungPerson.objects.visible_to(request.viewer)
    dead = dead_addresses(request.viewer.cell_id)
    unreachable = people.filter(Q(email__in=dead) | Q(guardians__email__in=dead)).distinct()
    context = {
        "situations": count_situations(people),
        "unreachable": unreachable.order_by("last_name", "first_name", "pk"),
        "unresolved": Wish.objects.visible_to(request.viewer).unresolved().count(),
        "newest": people.order_by("-created_at", "-pk")[:NEWEST],
    }
    return page_or_fragment(request, "youth/today.html", "youth/_today.html", context)


def count_situations(people: QuerySet[YoungPerson]) -> list[tuple[str, str, int]]:
    """(code, label, how many), one line per situation, none left out."""
    counted = dict(people.order_by().values_list("situation").annotate(Count("pk")))
    return [
        (code.value, labels[counted.get(code, 0) > 1], counted.get(code, 0))
        for code, labels in SITUATION_LABELS.items()
    ]
