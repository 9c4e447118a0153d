"""What matching brings to a young person's file, and to an offer as a counsellor sees it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from cells.reading import note_reading
from cells.views.access import counsellor_screen
from cells.views.fragments import page_or_fragment, wants_fragment
from matching.models import Match, MatchRun, Recipient, RunOffer
from matching.pair_search import people_called
from matching.services.live import is_new_since, live_top, people_for_offer
from matching.views.why_not import find_offer
from matching.wording import word_person, word_reasons
from youth.models import YoungPerson

MAILS_SHOWN = 5


@counsellor_screen
def for_young_person(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Offers of the cell's newest run that are still open, those of this very moment when the file has changed since,
    and the campaigns' mails.
    """
    person = get_object_or_404(YoungPerson.objects.visible_to(request.viewer), uuid=uuid)
    if not wants_fragment(request):  # a fragment is part of the file, which was noted
        note_reading("person.read", by=request.viewer, target_kind="youngperson", target_uuids=[person.uuid])
    matches = Match.objects.visible_to(request.viewer).latest_for(person).still_open().worded()
    latest = MatchRun.objects.visible_to(request.viewer).latest_done_of(person.cell_id).first()
    recipients = Recipient.objects.visible_to(request.viewer).filter(young_person=person)
    is_seeking = person.situation == YoungPerson.Situation.SEEKING
    has_changed = is_seeking and is_new_since(person, latest)
    context = {
        "person": person,
        "latest": latest,
        "proposals": worded(matches),
        "has_changed": has_changed,
        "fresh": worded(live_top(person).matches) if has_changed else [],
        "recipients": recipients.select_related("campaign", "mail").order_by("-pk")[:MAILS_SHOWN],
    }
    return page_or_fragment(request, "matching/for_young_person.html", "matching/_for_young_person.html", context)


@require_safe
@counsellor_screen
def offer_people(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Whom to propose an offer to, among those the viewer follows; and a search for anybody else."""
    offer = find_offer(uuid)
    people = YoungPerson.objects.visible_to(request.viewer)
    words = request.GET.get("q", "")
    found = people_for_offer(offer, request.viewer)
    called = people_called(words, people)
    shown = [match.young_person.uuid for match in found.matches] + [person.uuid for person in called]
    note_reading("person.listed", by=request.viewer, target_kind="youngperson", target_uuids=shown)
    context = {
        "offer": offer,
        "people": [(match, word_person(match)) for match in found.matches],
        "is_spent": found.is_spent,
        "last_run": RunOffer.objects.visible_to(request.viewer).filter(offer=offer).order_by("-run").first(),
        "words": words,
        "called": called,
    }
    return render(request, "matching/offer_people.html", context)


def worded(matches: object) -> list[tuple[Match, list[str]]]:
    return [(match, word_reasons(match, audience="counsellor")) for match in matches]
