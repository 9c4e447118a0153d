"""The page behind a mail's answers, without an account; and the counsellors' list of those to deal with."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from cells.forms import posted
from cells.views.access import counsellor_screen
from cells.views.paging import page_of, query_without_page
from employers.models import Offer
from matching.forms import RefusalForm
from matching.mails import FOUND, HELP
from matching.models import CampaignAnswer, Recipient
from matching.services.answers import handle_answer, is_open, recipient_of_token, record_answer

Kind = CampaignAnswer.Kind
QUESTIONS = {FOUND: Kind.FOUND, HELP: Kind.CALL_ME}
APPLIED = "candidate"


def public(view: Any) -> Any:
    """No account, no cookie: the token is the proof. GET only asks, since scanners follow the links of mails."""
    return never_cache(csrf_exempt(login_not_required(require_http_methods(["GET", "HEAD", "POST"])(view))))


@public
def answer(request: HttpRequest, token: str, question: str = "") -> HttpResponse:
    """Every offer of the mail and what can be said of it, or one question alone: an offer's uuid, FOUND or HELP."""
    recipient = recipient_of_token(token)
    if recipient is None:
        return render(request, "matching/answer_unknown.html", status=404)
    if not is_open(recipient, timezone.now()):
        return render(request, "matching/answer_closed.html", {"mail_cell": recipient.campaign.cell}, status=410)
    context = {
        "token": token,
        "question": question,
        "mail_cell": recipient.campaign.cell,
        "to_guardian": recipient.address_of == Recipient.AddressOf.GUARDIAN,
    }
    if question in QUESTIONS:
        return ask_once(request, recipient, QUESTIONS[question], context)
    if question:
        return ask_why(request, recipient, question, context)
    return show_all(request, recipient, context)


def ask_once(request: HttpRequest, recipient: Recipient, kind: Kind, context: dict[str, Any]) -> HttpResponse:
    if request.method == "POST":
        record_answer(recipient, kind=kind)
    context |= {"kind": kind.value, "is_done": request.method == "POST"}
    return render(request, "matching/answer_question.html", context)


def ask_why(request: HttpRequest, recipient: Recipient, question: str, context: dict[str, Any]) -> HttpResponse:
    """One offer: not for me, and why; or (a button of the page of all offers) applied."""
    offer = offer_of(recipient, question)
    if offer is None:
        return render(request, "matching/answer_unknown.html", status=404)
    has_applied = request.method == "POST" and APPLIED in request.POST
    form = RefusalForm(None if has_applied else posted(request))
    if has_applied:
        record_answer(recipient, kind=Kind.APPLIED, offer=offer)
    elif form.is_valid():
        record_answer(recipient, kind=Kind.NOT_FOR_ME, offer=offer, reason=form.cleaned_data["reason"])
    context |= {
        "offer": offer,
        "form": form,
        "kind": (Kind.APPLIED if has_applied else Kind.NOT_FOR_ME).value,
        "is_done": has_applied or form.is_valid(),
    }
    return render(request, "matching/answer_offer.html", context, status=422 if form.errors else 200)


def show_all(request: HttpRequest, recipient: Recipient, context: dict[str, Any]) -> HttpResponse:
    if request.method == "POST":
        return redirect("matching:answer", context["token"])
    offers = recipient.offers.filter(spare=False).select_related("offer__employer", "offer__commune")
    said = {one.offer_id: one for one in recipient.answers.exclude(offer=None).order_by("pk")}
    context["offers"] = [(one.offer, said.get(one.offer_id)) for one in offers.order_by("rank")]
    return render(request, "matching/answer.html", context)


def offer_of(recipient: Recipient, question: str) -> Offer | None:
    try:
        uuid = UUID(question)
    except ValueError:
        return None
    found = recipient.offers.filter(offer__uuid=uuid).select_related("offer__employer", "offer__commune").first()
    return found.offer if found else None


@counsellor_screen
def answer_list(request: HttpRequest) -> HttpResponse:
    """Waiting ones, the oldest first: calls asked for, then those who say they have found."""
    answers = CampaignAnswer.objects.visible_to(request.viewer).waiting()
    rows = answers.select_related("recipient__young_person", "recipient__campaign").order_by("kind", "created_at", "pk")
    context = {"page": page_of(request, rows), "query": query_without_page(request), "found": Kind.FOUND.value}
    return render(request, "matching/answer_list.html", context)


@require_POST
@counsellor_screen
def answer_handle(request: HttpRequest, uuid: UUID) -> HttpResponse:
    answers = CampaignAnswer.objects.visible_to(request.viewer).select_related("recipient__young_person")
    handle_answer(get_object_or_404(answers, uuid=uuid), by=request.viewer)
    messages.success(request, "Réponse traitée : elle quitte la liste et reste dans le dossier.")
    return redirect("matching:answer-list")
