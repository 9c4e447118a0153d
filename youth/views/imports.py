"""Files that came in: list, upload, live progress, refused rows."""

from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from cells.errors import RefusedError
from cells.forms import posted
from cells.models import ImportBatch
from cells.predicates import can_import_offers, can_work_whole_cell
from cells.reading import note_reading
from cells.views.access import counsellor_screen, whole_cell_screen
from cells.views.csv_export import csv_response
from cells.views.fragments import page_or_fragment, wants_fragment
from cells.views.paging import page_of, query_without_page
from youth.forms import WishUploadForm
from youth.services.uploads import retry_import, start_wish_import, store_upload

REFUSED_HEAD = ("Ligne", "Colonne", "Valeur", "Raison")


@counsellor_screen
def import_list(request: HttpRequest) -> HttpResponse:
    batches = ImportBatch.objects.visible_to(request.viewer).select_related("started_by")
    context = {
        "page": page_of(request, batches),
        "query": query_without_page(request),
        "may_import_offers": can_import_offers(request.viewer),
    }
    return render(request, "youth/import_list.html", context)


@counsellor_screen
def import_create(request: HttpRequest) -> HttpResponse:
    form = WishUploadForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            batch = deposit(request, form.cleaned_data["file"], form.cleaned_data["preset"] or None)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Fichier reçu : la lecture commence.")
            return redirect("youth:import-detail", batch.uuid)
    return render(request, "youth/import_create.html", {"form": form}, status=422 if form.errors else 200)


def deposit(request: HttpRequest, upload: UploadedFile, preset: str | None) -> ImportBatch:
    return start_wish_import(
        store_upload(upload),
        file_name=upload.name or "fichier.csv",
        cell=request.membership.cell,
        by=request.viewer,
        preset=preset,
    )


@require_POST
@counsellor_screen
def import_retry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    batch = find_batch(request, uuid)
    try:
        retry_import(batch, by=request.viewer)
    except RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "La lecture reprend au début du fichier : rien ne sera doublé.")
    return redirect("youth:import-detail", batch.uuid)


@counsellor_screen
def import_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A page, or (htmx) the counters alone, asked for again while the file is being read."""
    batch = find_batch(request, uuid)
    may_read_refused = can_work_whole_cell(request.viewer)
    page = page_of(request, batch.refused_rows.all() if may_read_refused else batch.refused_rows.none())
    if page.object_list and not wants_fragment(request):
        note_refused_rows(request, batch)
    context = {
        "batch": batch,
        "may_read_refused": may_read_refused,
        "is_running": batch.is_under_way,
        "may_retry": batch.state == ImportBatch.State.INTERRUPTED
        and (batch.holds_wishes or can_import_offers(request.viewer)),
        "page": page,
        "query": query_without_page(request),
    }
    return page_or_fragment(request, "youth/import_detail.html", "youth/_import_progress.html", context)


@whole_cell_screen
def refused_rows(request: HttpRequest, uuid: UUID) -> HttpResponse:
    batch = find_batch(request, uuid)
    note_refused_rows(request, batch)
    rows = batch.refused_rows.values_list("line", "column", "value", "reason")
    return csv_response(f"lignes-refusees-{batch.uuid}.csv", REFUSED_HEAD, rows.iterator())


def note_refused_rows(request: HttpRequest, batch: ImportBatch) -> None:
    """Refused values are people's."""
    note_reading("import.refused_read", by=request.viewer, target_kind="importbatch", target_uuids=[batch.uuid])


def find_batch(request: HttpRequest, uuid: UUID) -> ImportBatch:
    return get_object_or_404(ImportBatch.objects.visible_to(request.viewer), uuid=uuid)
