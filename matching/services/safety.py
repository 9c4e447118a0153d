"""A stream that was paused because it did harm takes its campaign with it."""

from django.db import transaction

from cells.mailing.health import trouble_of
from cells.models import MailStream
from cells.scoping import Viewer
from cells.services.audit import record_action
from matching.models import Campaign
from matching.workflow import CampaignState

PAUSED_BY_ITSELF = "Pause automatique : des serveurs refusent nos envois."


def follow_streams() -> int:
    """Campaigns whose stream was paused under them, each with the reason on its page. A person resumes them."""
    led = Campaign.objects.filter(state=CampaignState.LAUNCHED, stream__state=MailStream.State.PAUSED)
    return sum(follow_stream(campaign_id) for campaign_id in led.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def follow_stream(campaign_id: int, said: str = "") -> bool:
    """The stream is read again under the lock: a person may be pausing or resuming it."""
    rows = Campaign.objects.select_for_update(of=("self",)).select_related("stream")
    campaign = rows.get(pk=campaign_id)
    if campaign.state != CampaignState.LAUNCHED or campaign.stream.state != MailStream.State.PAUSED:
        return False
    campaign.state = CampaignState.PAUSED
    campaign.message = (said or trouble_of(campaign.stream) or PAUSED_BY_ITSELF)[:500]
    campaign.save(update_fields=["state", "message"])
    record_action("campaign.paused", by=Viewer(cell_id=campaign.cell_id), target=campaign, facts={"by_itself": True})
    return True
