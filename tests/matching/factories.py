import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from matching.models import Campaign, Match, MatchRun, Recipient
from matching.run_settings import RunSettings
from matching.workflow import RunState, SkipReason
from tests.cells.factories import CellFactory, MailStreamFactory
from tests.employers.factories import OfferFactory
from tests.youth.factories import WishFactory, YoungPersonFactory


class MatchRunFactory(DjangoModelFactory):
    class Meta:
        model = MatchRun

    cell = factory.SubFactory(CellFactory)
    state = RunState.DONE
    parameters = factory.LazyFunction(lambda: RunSettings.resolve(timezone.localdate(), {}).to_json())
    finished_at = factory.LazyFunction(timezone.now)


class MatchFactory(DjangoModelFactory):
    class Meta:
        model = Match

    run = factory.SubFactory(MatchRunFactory)
    young_person = factory.SubFactory(YoungPersonFactory, cell=factory.SelfAttribute("..run.cell"))
    offer = factory.SubFactory(OfferFactory)
    wish = factory.SubFactory(WishFactory, young_person=factory.SelfAttribute("..young_person"))
    rank = 1
    score = 1000
    distance_m = 12_000


class CampaignFactory(DjangoModelFactory):
    class Meta:
        model = Campaign

    run = factory.SubFactory(MatchRunFactory)
    cell = factory.SelfAttribute("run.cell")
    name = "Campagne de novembre"
    stream = factory.SubFactory(MailStreamFactory, cell=factory.SelfAttribute("..cell"))


class RecipientFactory(DjangoModelFactory):
    class Meta:
        model = Recipient

    campaign = factory.SubFactory(CampaignFactory)
    young_person = factory.SubFactory(YoungPersonFactory, cell=factory.SelfAttribute("..campaign.cell"))
    skip_reason = SkipReason.NO_ADDRESS
