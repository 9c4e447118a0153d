"""What a campaign led to: mails, answers, contracts, and those it wrote to against its control group."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from employers.models import Contract
from matching.evaluation import Difference, Share, newcombe
from matching.models import Campaign, CampaignAnswer, Recipient
from matching.workflow import SkipReason

WINDOW_DAYS = 90
FEW_PEOPLE = 30
DRAWN = ("", SkipReason.CROWDED_OUT)
POINTS = 100


@dataclass(frozen=True, slots=True)
class Effect:
    """`drawn`: whom the draw chose to write to, whether an offer was left for them or not; `held_out`: the control
    group. Shares are of people who signed a contract within 90 days of the launch. `until`: last day counted.
    """

    drawn: Share
    held_out: Share
    difference: Difference | None
    until: date
    is_over: bool

    def sentences(self) -> list[str]:
        return [*_figures(self), *_conclusion(self), *_limits(self)]


def count_answers(campaign: Campaign) -> list[tuple[str, int]]:
    """By kind, in the order of the list of kinds; zeroes included."""
    rows = CampaignAnswer.objects.filter(recipient__campaign=campaign).order_by().values_list("kind")
    counts = dict(rows.annotate(Count("pk")))
    return [(str(kind.label), counts.get(kind.value, 0)) for kind in CampaignAnswer.Kind]


def measure_effect(campaign: Campaign, today: date) -> Effect | None:
    """None before launch, and without a control group."""
    if campaign.launched_at is None:
        return None
    launched_on = timezone.localdate(campaign.launched_at)
    recipients = Recipient.objects.filter(campaign=campaign)
    drawn = _share(recipients.filter(skip_reason__in=DRAWN), launched_on)
    held_out = _share(recipients.filter(skip_reason=SkipReason.HELD_OUT), launched_on)
    end = launched_on + timedelta(days=WINDOW_DAYS)
    comparable = drawn.people and held_out.people
    difference = newcombe(drawn, held_out) if comparable else None
    return Effect(drawn, held_out, difference, min(end, today), today > end)


def count_contracts(campaign: Campaign) -> int:
    """People a mail was written to who signed within 90 days."""
    if campaign.launched_at is None:
        return 0
    return _share(campaign.recipients.filter(skip_reason=""), timezone.localdate(campaign.launched_at)).events


def _share(recipients: QuerySet[Recipient], launched_on: date) -> Share:
    signed = Contract.objects.filter(
        young_person=OuterRef("young_person"),
        signed_on__range=(launched_on, launched_on + timedelta(days=WINDOW_DAYS)),
    )
    return Share(recipients.filter(Exists(signed)).count(), recipients.count())


def _figures(effect: Effect) -> list[str]:
    until = f"au {effect.until:%d/%m/%Y}" if not effect.is_over else "en 90 jours"
    said = [f"Parmi les jeunes à qui la campagne a écrit, {_worded(effect.drawn)} ont signé un contrat {until}."]
    if effect.held_out.people:
        said.append(f"Dans le groupe témoin, à qui elle n’a pas écrit : {_worded(effect.held_out)}.")
    return said


def _conclusion(effect: Effect) -> list[str]:
    difference = effect.difference
    if difference is None:
        return ["Sans groupe témoin, on ne peut pas savoir combien auraient signé sans ces mails."]
    low, high = _points(difference.interval.low), _points(difference.interval.high)
    said = (
        f"Écart : {_points(difference.value)} points ; il est vraisemblablement compris entre {low} et {high} points."
    )
    if not difference.is_clear:
        return [said, "On ne peut pas conclure : un tel écart peut venir du seul hasard du tirage."]
    more = "plus" if difference.value > 0 else "moins"
    return [said, f"Les jeunes à qui l’on a écrit ont signé {more} souvent, et le hasard seul l’explique mal."]


def _limits(effect: Effect) -> list[str]:
    said = []
    if not effect.is_over:
        said.append("Ces chiffres sont provisoires : ils se comptent sur 90 jours à partir du lancement.")
    if effect.difference is not None and min(effect.drawn.people, effect.held_out.people) < FEW_PEOPLE:
        said.append(f"L’un des groupes compte moins de {FEW_PEOPLE} jeunes : l’écart est très incertain.")
    return said


def _worded(share: Share) -> str:
    if not share.people:
        return "personne sur 0"
    percent = f"{POINTS * share.value:.1f}".replace(".", ",")
    return f"{share.events} sur {share.people} ({percent}\N{NO-BREAK SPACE}%)"


def _points(value: float) -> str:
    """« +3,0 », « −10,7 »: with a true minus sign."""
    return f"{POINTS * value:+.1f}".replace(".", ",").replace("-", "−")
