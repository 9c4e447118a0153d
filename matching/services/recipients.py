"""Who a campaign is for, and who of them gets a mail: decided once, at launch."""

import hmac
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from cells.mailing.ledger import new_mail
from cells.mailing.objections import objecting
from cells.models import OutgoingMail
from employers.models import Contract
from matching.models import Campaign, Match, Recipient
from matching.services.exposure import Proposals, read_proposals
from matching.workflow import SkipReason
from youth.models import Guardian, Wish, YoungPerson

NOT_CONTACTED_DAYS = 14
BULK = 2_000
REACHING_STATES = (
    OutgoingMail.State.QUEUED,
    OutgoingMail.State.LEASED,
    OutgoingMail.State.SENT,
    OutgoingMail.State.UNCERTAIN,
)

FREEZE_OFFERS = """
INSERT INTO matching_recipientoffer (recipient_id, offer_id, wish_id, rank, score, distance_m, reasons)
SELECT recipient.id, match.offer_id, match.wish_id,
       row_number() OVER (PARTITION BY recipient.id ORDER BY match.rank),
       match.score, match.distance_m, match.reasons
  FROM unnest(%s::bigint[]) AS shown (match_id)
  JOIN matching_match AS match ON match.id = shown.match_id
  JOIN matching_recipient AS recipient
    ON recipient.young_person_id = match.young_person_id AND recipient.campaign_id = %s
"""


class Address(NamedTuple):
    of: str
    email: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One person of the audience: a mail to `address` showing `matches` (ids), or the reason there is none."""

    person_id: int
    skip_reason: str
    address: Address | None
    matches: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Sets of ids of people, read once for the whole audience."""

    in_contract: set[int]
    served: set[int]
    crowded_out: set[int]
    contacted: set[int]
    addresses: dict[int, list[Address]]
    refusing: set[str]


def choose_recipients(campaign: Campaign) -> list[Choice]:
    """Everyone of the audience, by id. The first reason that holds is the one given, in the order of `_reason`;
    those for whom the others of this campaign leave no offer come last.
    """
    people = audience(campaign)
    proposals = read_proposals(campaign.run)
    facts = _read_facts(campaign, people, proposals)
    rows = people.order_by("pk").values_list("pk", "uuid")
    choices = [_choose(campaign, facts, person_id, person_uuid) for person_id, person_uuid in rows.iterator()]
    shown = proposals.share_out({choice.person_id for choice in choices if choice.address}, campaign.offers_per_mail)
    return [_with_matches(choice, shown) if choice.address else choice for choice in choices]


def audience(campaign: Campaign) -> QuerySet[YoungPerson]:
    """Those who seek and have a current wish, and those of the run who have signed since."""
    people = YoungPerson.objects.filter(cell=campaign.cell_id)
    wishes = Wish.objects.current(timezone.localdate()).filter(young_person=OuterRef("pk"))
    matches = Match.objects.filter(run=campaign.run_id, young_person=OuterRef("pk"))
    signed = Q(situation=YoungPerson.Situation.IN_CONTRACT) & Exists(matches)
    return people.filter(Q(situation=YoungPerson.Situation.SEEKING) & Exists(wishes) | signed)


def count_outcomes(campaign: Campaign) -> dict[str, int]:
    """How many get a mail (key "") and how many do not, by reason: foreseen before launch, frozen after it."""
    if campaign.launched_at is None:
        return dict(Counter(choice.skip_reason for choice in choose_recipients(campaign)))
    return dict(Counter(campaign.recipients.values_list("skip_reason", flat=True)))


def freeze_recipients(campaign: Campaign, choices: list[Choice]) -> None:
    """One Recipient per person, one queued mail per recipient without a reason, and the offers of each mail."""
    for start in range(0, len(choices), BULK):
        _freeze_some(campaign, choices[start : start + BULK])
    shown = [match for choice in choices for match in choice.matches]
    with connection.cursor() as cursor:
        cursor.execute(FREEZE_OFFERS, [shown, campaign.pk])


def is_held_out(campaign_uuid: UUID, person_uuid: UUID, percent: int) -> bool:
    """The same answer for the same pair, without a list to keep: a draw nobody can steer."""
    digest = hmac.digest(campaign_uuid.bytes, person_uuid.bytes, sha256)
    return int.from_bytes(digest[:8], "big") % 100 < percent


def usable_address(addresses: Iterable[Address], refusing: set[str]) -> Address | None:
    """The first that does not object: the person's own, then the guardians' by rank."""
    return next((address for address in addresses if address.email not in refusing), None)


def addresses_of(people: QuerySet[YoungPerson]) -> dict[int, list[Address]]:
    """By person, in the order they are tried."""
    found: dict[int, list[Address]] = {}
    for person_id, email in people.exclude(email="").order_by().values_list("pk", "email"):
        found[person_id] = [Address(Recipient.AddressOf.SELF, email)]
    guardians = Guardian.objects.filter(young_person__in=people.order_by()).exclude(email="")
    for person_id, email in guardians.order_by("rank").values_list("young_person", "email"):
        found.setdefault(person_id, []).append(Address(Recipient.AddressOf.GUARDIAN, email))
    return found


def people_in_contract(people: Iterable[int] | QuerySet[YoungPerson]) -> set[int]:
    current = Contract.objects.current().filter(young_person__in=people)
    return set(current.values_list("young_person", flat=True))


def _read_facts(campaign: Campaign, people: QuerySet[YoungPerson], proposals: Proposals) -> Facts:
    served = proposals.served()
    signed = people.filter(situation=YoungPerson.Situation.IN_CONTRACT).values_list("pk", flat=True)
    addresses = addresses_of(people)
    given = (address.email for several in addresses.values() for address in several)
    return Facts(
        in_contract=people_in_contract(people.order_by()) | set(signed),
        served=served,
        crowded_out=(proposals.people() - served) | set(campaign.run.crowded_out),
        contacted=_contacted(campaign, timezone.now()),
        addresses=addresses,
        refusing=objecting(given, campaign.stream.purpose),
    )


def _contacted(campaign: Campaign, now: datetime) -> set[int]:
    days = campaign.audience.get("not_contacted_days", NOT_CONTACTED_DAYS)
    others = Recipient.objects.filter(
        young_person__cell=campaign.cell_id,
        campaign__launched_at__gt=now - timedelta(days=days),
        mail__state__in=REACHING_STATES,
    )
    return set(others.exclude(campaign=campaign).values_list("young_person", flat=True))


def _choose(campaign: Campaign, facts: Facts, person_id: int, person_uuid: UUID) -> Choice:
    address = usable_address(facts.addresses.get(person_id, []), facts.refusing)
    held_out = is_held_out(campaign.uuid, person_uuid, campaign.hold_out_percent)
    reason = _reason(facts, person_id, address, held_out)
    return Choice(person_id, reason, None if reason else address)


def _with_matches(choice: Choice, shown: dict[int, list[int]]) -> Choice:
    matches = shown.get(choice.person_id)
    if not matches:
        return Choice(choice.person_id, SkipReason.BUDGET, None)
    return replace(choice, matches=matches)


def _reason(facts: Facts, person_id: int, address: Address | None, held_out: bool) -> str:
    """Hold-out comes last: the control group is drawn among those who would have had a mail."""
    if person_id in facts.in_contract:
        return SkipReason.IN_CONTRACT
    if person_id not in facts.served:
        return SkipReason.BUDGET if person_id in facts.crowded_out else SkipReason.NO_OFFER
    if person_id not in facts.addresses:
        return SkipReason.NO_ADDRESS
    if address is None:
        return SkipReason.OBJECTION
    if person_id in facts.contacted:
        return SkipReason.ALREADY_CONTACTED
    return SkipReason.HELD_OUT if held_out else ""


def _freeze_some(campaign: Campaign, choices: list[Choice]) -> None:
    mails = {
        choice.person_id: new_mail(
            campaign.stream,
            dedup_key=f"campaign:{campaign.pk}:{choice.person_id}",
            to=choice.address.email,
        )
        for choice in choices
        if choice.address
    }
    OutgoingMail.objects.bulk_create(mails.values())
    Recipient.objects.bulk_create(
        Recipient(
            campaign=campaign,
            young_person_id=choice.person_id,
            skip_reason=choice.skip_reason,
            address_of=choice.address.of if choice.address else "",
            mail=mails.get(choice.person_id),
        )
        for choice in choices
    )
