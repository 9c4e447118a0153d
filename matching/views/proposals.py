"""What matching brings to a young person's file."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from cells.reading import note_reading
from cells.views.access import counsellor_screen
from cells.views.fragments import page_or_fragment, wants_fragment
from matching.models import Match, MatchRun, Recipient
from matching.wording import word_reasons
from youth.models import YoungPerson

MAILS_SHOWN = 5


@counsellor_screen
def for_young_person(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Offers of the cell's newest run that are still open, with their reasons, and the campaigns' mails."""
    person = get_object_or_404(YoungPerson.objects.visible_to(request.viewer), uuid=uuid)
    if not wants_fragment(request):  # a fragment is part of the file, which was noted
        note_reading("person.read", by=request.viewer, target_kind="youngperson", target_uuids=[person.uuid])
    matches = Match.objects.visible_to(request.viewer).latest_for(person).still_open().worded()
    recipients = Recipient.objects.visible_to(request.viewer).filter(young_person=person)
    context = {
        "person": person,
        "latest": MatchRun.objects.visible_to(request.viewer).latest_done_of(person.cell_id).first(),
        "proposals": [(match, word_reasons(match, audience="counsellor")) for match in matches],
        "recipients": recipients.select_related("campaign", "mail").order_by("-pk")[:MAILS_SHOWN],
    }
    return page_or_fragment(request, "matching/for_young_person.html", "matching/_for_young_person.html", context)
