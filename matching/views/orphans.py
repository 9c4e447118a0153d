"""The two worklists of a run: people without offer, offers shown to nobody; what is missing, what would help."""

from typing import Any
from uuid import UUID

from django.core.paginator import Page
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cells.reading import note_reading
from cells.views.access import counsellor_screen
from cells.views.paging import page_of, query_without_page
from matching.acts import link_to
from matching.engine.obstacles import Obstacle
from matching.models import RunOffer, RunPerson
from matching.orphan_form import OrphanFilterForm
from matching.orphans import (
    ACTS,
    NOTHING_ALONE,
    OFFER_OTHERWISE,
    OFFER_REASONS,
    PERSON_OTHERWISE,
    PERSON_REASONS,
    count_reasons,
    orphan_offers,
    orphan_people,
    preview_offer,
    preview_person,
)
from matching.run_settings import RunSettings
from matching.services.relaxation import relief_of_offers, relief_of_people, row_of
from matching.views.runs import find_run
from youth.models import YoungPerson
from youth.selection import with_open_wishes

PER_PAGE = 25


@counsellor_screen
def people_without_offer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run = find_run(request, uuid)
    form = OrphanFilterForm(run.cell, PERSON_REASONS, request.GET)
    reason, department = form.criteria()
    found = orphan_people(RunPerson.objects.visible_to(request.viewer), run, department)
    rows = narrowed(found, reason).order_by("young_person__search_name", "young_person_id")
    page = page_of(request, rows, PER_PAGE)
    lines = person_lines(request, page)
    shown = [line["person"].uuid for line in lines]
    note_reading("person.listed", by=request.viewer, target_kind="youngperson", target_uuids=shown)
    context = {"run": run, "lines": lines, "reasons": count_reasons(found, PERSON_REASONS)}
    return render(request, "matching/people_without_offer.html", context | listing(request, form, page, reason))


@counsellor_screen
def offers_without_people(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run = find_run(request, uuid)
    form = OrphanFilterForm(run.cell, OFFER_REASONS, request.GET)
    reason, department = form.criteria()
    found = orphan_offers(RunOffer.objects.visible_to(request.viewer), run, department)
    rows = narrowed(found, reason).select_related("offer__employer", "offer__commune", "offer__target_level")
    page = page_of(request, rows.order_by("offer__title", "offer_id"), PER_PAGE)
    context = {
        "run": run,
        "lines": offer_lines(request, page),
        "reasons": count_reasons(found, OFFER_REASONS),
    }
    return render(request, "matching/offers_without_people.html", context | listing(request, form, page, reason))


def narrowed(rows: Any, reason: int | None) -> Any:
    return rows if reason is None else rows.filter(obstacle=reason)


def listing(request: HttpRequest, form: OrphanFilterForm, page: Page, reason: int | None) -> dict[str, Any]:
    return {
        "form": form,
        "page": page,
        "query": query_without_page(request),
        "reason": reason,
        "is_filtered": reason is not None or bool(form.cleaned_data.get("departement")),
    }


def person_lines(request: HttpRequest, page: Page) -> list[dict[str, Any]]:
    """One line per person of the page: what was missing, where to mend it, what each change would give today."""
    obstacles = {row.young_person_id: Obstacle(row.obstacle) for row in page}
    visible = YoungPerson.objects.visible_to(request.viewer)
    people = with_open_wishes(visible.filter(pk__in=obstacles)).order_by("search_name", "pk")
    relief, ids = relief_of_people(list(obstacles), todays_settings()) if obstacles else (None, None)
    lines = []
    for person in people:
        row = row_of(ids, person.pk)
        previews = preview_person(person, obstacles[person.pk], relief if row is not None else None, row or 0)
        lines.append(person_line(person, obstacles[person.pk], previews))
    return lines


def person_line(person: YoungPerson, obstacle: Obstacle, previews: list[Any]) -> dict[str, Any]:
    return {
        "person": person,
        "reason": PERSON_REASONS.get(obstacle, PERSON_REASONS[Obstacle.NONE]),
        "link": link_to(ACTS.get(obstacle), person),
        "otherwise": PERSON_OTHERWISE.get(obstacle, NOTHING_ALONE),
        "previews": [(one.sentence, link_to(one.act, person, value=one.value)) for one in previews],
        "is_seeking": person.situation == YoungPerson.Situation.SEEKING,
    }


def offer_lines(request: HttpRequest, page: Page) -> list[dict[str, Any]]:
    rows = list(page)
    among = YoungPerson.objects.visible_to(request.viewer)
    ids = [row.offer_id for row in rows]
    relief, found = relief_of_offers(ids, among, todays_settings()) if ids else (None, None)
    lines = []
    for one in rows:
        row = row_of(found, one.offer_id)
        previews = preview_offer(one.offer, relief if row is not None else None, row or 0)
        lines.append(offer_line(one, [preview.sentence for preview in previews]))
    return lines


def offer_line(row: RunOffer, previews: list[str]) -> dict[str, Any]:
    obstacle = Obstacle(row.obstacle)
    return {
        "offer": row.offer,
        "reason": OFFER_REASONS.get(obstacle, OFFER_REASONS[Obstacle.NONE]),
        "otherwise": OFFER_OTHERWISE.get(obstacle, NOTHING_ALONE),
        "previews": previews,
    }


def todays_settings() -> RunSettings:
    return RunSettings.resolve(timezone.localdate(), {})
