import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from matching.models import (
    Campaign,
    CampaignAnswer,
    Match,
    MatchRun,
    OfferRefusal,
    Recipient,
    RunCertificate,
    RunOffer,
    RunPerson,
    RunProgress,
    RunShard,
)
from matching.run_settings import RunSettings
from matching.workflow import RunState, SkipReason
from tests.cells.factories import CellFactory, MailStreamFactory, OutgoingMailFactory
from tests.employers.factories import OfferFactory
from tests.youth.factories import WishFactory, YoungPersonFactory


class MatchRunFactory(DjangoModelFactory):
    class Meta:
        model = MatchRun
        skip_postgeneration_save = True

    cell = factory.SubFactory(CellFactory)
    state = RunState.DONE
    parameters = factory.LazyFunction(lambda: RunSettings.resolve(timezone.localdate(), {}).to_json())
    finished_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def progress(run, create, extracted, **options):
        """(shards done, shards in all)."""
        if extracted:
            RunProgress.objects.create(run=run, shards_done=extracted[0], shards_total=extracted[1])


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


class RunCertificateFactory(DjangoModelFactory):
    class Meta:
        model = RunCertificate

    run = factory.SubFactory(MatchRunFactory)
    verdict = RunCertificate.Verdict.OK
    verifier_version = 1
    verified_at = factory.LazyFunction(timezone.now)
    duration_ms = 12


class RunOfferFactory(DjangoModelFactory):
    class Meta:
        model = RunOffer

    run = factory.SubFactory(MatchRunFactory)
    offer = factory.SubFactory(OfferFactory)
    budget = 15
    exposure = 1


class RunPersonFactory(DjangoModelFactory):
    class Meta:
        model = RunPerson

    run = factory.SubFactory(MatchRunFactory)
    young_person = factory.SubFactory(YoungPersonFactory, cell=factory.SelfAttribute("..run.cell"))
    status = RunPerson.Status.RANKED


class RunShardFactory(DjangoModelFactory):
    class Meta:
        model = RunShard

    run = factory.SubFactory(MatchRunFactory)
    number = 0
    inputs = b""


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


class SentRecipientFactory(RecipientFactory):
    """With a mail that left."""

    skip_reason = ""
    address_of = "self"
    mail = factory.SubFactory(
        OutgoingMailFactory,
        stream=factory.SelfAttribute("..campaign.stream"),
        state="sent",
        closed_at=factory.LazyFunction(timezone.now),
    )


class CampaignAnswerFactory(DjangoModelFactory):
    class Meta:
        model = CampaignAnswer

    recipient = factory.SubFactory(SentRecipientFactory)
    kind = CampaignAnswer.Kind.CALL_ME


class OfferRefusalFactory(DjangoModelFactory):
    class Meta:
        model = OfferRefusal

    young_person = factory.SubFactory(YoungPersonFactory)
    offer = factory.SubFactory(OfferFactory)
    reason = "too_far"
