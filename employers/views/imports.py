"""Depositing a file of offers; its progress is on the page of imports."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from cells.errors import RefusedError
from cells.forms import posted
from cells.models import ImportBatch
from cells.predicates import can_import_offers
from cells.views.access import screen_for
from employers.forms import OfferUploadForm
from employers.services.uploads import start_offer_import
from youth.services.uploads import store_upload


@screen_for(can_import_offers)
def import_create(request: HttpRequest) -> HttpResponse:
    form = OfferUploadForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            batch = deposit(request, form)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Fichier reçu : la lecture commence.")
            return redirect("youth:import-detail", batch.uuid)
    return render(request, "employers/import_create.html", {"form": form}, status=422 if form.errors else 200)


def deposit(request: HttpRequest, form: OfferUploadForm) -> ImportBatch:
    upload = form.cleaned_data["file"]
    return start_offer_import(
        store_upload(upload),
        file_name=upload.name,
        cell=request.membership.cell,
        by=request.viewer,
        complete=form.cleaned_data["complete"],
    )
