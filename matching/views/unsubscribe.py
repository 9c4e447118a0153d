"""Stopping the offers, without an account: the page behind the link, and the mail client's own button."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cells.mailing.objections import mask_address
from cells.models import Objection, OutgoingMail
from cells.services.objections import mail_of_token, record_objection

ONE_CLICK = "One-Click"  # RFC 8058: the body mail clients post


@never_cache
@csrf_exempt  # mail clients post without cookie; the token is the proof
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET only asks: scanners follow the links of mails. POST acts, answers without redirect, and may be repeated."""
    mail = mail_of_token(token)
    if mail is None:
        return render(request, "matching/unsubscribe_unknown.html", status=404)
    if request.method == "POST":
        _record(request, mail)
    return render(
        request,
        "matching/unsubscribe.html",
        {
            "address": mask_address(mail.to_address),
            "mail_cell": mail.stream.cell,
            "is_done": request.method == "POST",
        },
    )


def _record(request: HttpRequest, mail: OutgoingMail) -> None:
    by_client = request.POST.get("List-Unsubscribe") == ONE_CLICK
    record_objection(
        address=mail.to_address,
        purpose=mail.stream.purpose,
        source=Objection.Source.ONE_CLICK if by_client else Objection.Source.PAGE,
        cell_id=mail.stream.cell_id,
    )
