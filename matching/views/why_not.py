"""“Why not?”: from a person's file, from an offer, and the answer for a pair."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from cells.reading import note_reading
from cells.views.access import counsellor_screen
from employers.models import Offer
from matching.acts import link_to
from matching.models import Match
from matching.pair_search import any_offer, offers_called
from matching.why_not import explain_absence
from matching.wording import word_reasons
from youth.models import YoungPerson


@counsellor_screen
def why_not_search(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Offers to ask about, found by title, trade, employer or identifier."""
    person = get_object_or_404(YoungPerson.objects.visible_to(request.viewer), uuid=uuid)
    note_person(request, person)
    words = request.GET.get("q", "")
    context = {"person": person, "words": words, "offers": offers_called(words, person)}
    return render(request, "matching/why_not_search.html", context)


@counsellor_screen
def why_not_pair(request: HttpRequest, person_uuid: UUID, uuid: UUID) -> HttpResponse:
    person = get_object_or_404(YoungPerson.objects.visible_to(request.viewer), uuid=person_uuid)
    offer = find_offer(uuid)
    note_person(request, person)
    context = {"person": person, "offer": offer, **answer(request, person, offer)}
    return render(request, "matching/why_not_pair.html", context)


def answer(request: HttpRequest, person: YoungPerson, offer: Offer) -> dict[str, Any]:
    exclusions = explain_absence(person, offer)
    match = Match.objects.visible_to(request.viewer).latest_for(person).filter(offer=offer).worded().first()
    return {
        "exclusions": [(one, link_to(one.act, person, offer, one.value)) for one in exclusions],
        "match": match,
        "reasons": word_reasons(match, audience="counsellor") if match else [],
    }


def find_offer(uuid: UUID) -> Offer:
    offer = any_offer(uuid)
    if offer is None:
        raise Http404
    return offer


def note_person(request: HttpRequest, person: YoungPerson) -> None:
    note_reading("person.read", by=request.viewer, target_kind="youngperson", target_uuids=[person.uuid])
