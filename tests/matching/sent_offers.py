"""Campaigns that already showed offers to people."""

from datetime import timedelta

from django.utils import timezone

from cells.models import OutgoingMail
from matching.models import RecipientOffer
from matching.workflow import CampaignState
from tests.cells.factories import MailStreamFactory, OutgoingMailFactory
from tests.matching.factories import CampaignFactory, MatchRunFactory, RecipientFactory
from tests.youth.factories import WishFactory


def send(campaign, offer, state=OutgoingMail.State.SENT, times=1):
    for _ in range(times):
        final = state not in (OutgoingMail.State.QUEUED, OutgoingMail.State.LEASED)
        mail = OutgoingMailFactory(stream=campaign.stream, state=state, closed_at=timezone.now() if final else None)
        recipient = RecipientFactory(campaign=campaign, mail=mail, skip_reason="")
        wish = WishFactory(young_person=recipient.young_person)
        RecipientOffer.objects.create(recipient=recipient, offer=offer, wish=wish, rank=1, score=1)


def launched(cell, days_ago=1):
    return CampaignFactory(
        run=MatchRunFactory(cell=cell),
        stream=MailStreamFactory(cell=cell),
        state=CampaignState.LAUNCHED,
        launched_at=timezone.now() - timedelta(days=days_ago),
    )
