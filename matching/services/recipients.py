"""Who a campaign is for, and who of them gets a mail: decided once, at launch."""

import hmac
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from cells.mailing.objections import objecting
from cells.mailing.suppressions import suppressed
from cells.models import OutgoingMail
from employers.models import Contract
from matching.audiences import Audience
from matching.models import Campaign, CampaignAnswer, Recipient
from matching.services.campaign_offers import (
    Shares,
    Table,
    people_with_candidates,
    read_table,
    settings_of,
    share_out,
)
from matching.workflow import SkipReason
from youth.models import Guardian, YoungPerson

REACHING_STATES = (
    OutgoingMail.State.QUEUED,
    OutgoingMail.State.LEASED,
    OutgoingMail.State.SENT,
    OutgoingMail.State.UNCERTAIN,
)


class Address(NamedTuple):
    of: str
    email: str


class Person(NamedTuple):
    pk: int
    uuid: UUID


@dataclass(frozen=True, slots=True)
class Choice:
    """One person of the audience: a mail to `address`, or the reason there is none."""

    person_id: int
    skip_reason: str
    address: Address | None


@dataclass(frozen=True, eq=False)
class Selection:
    """Everyone of the audience, by id, and what the mailed ones are shown."""

    choices: list[Choice]
    shares: Shares

    def counts(self) -> dict[str, int]:
        """How many get a mail (key "") and how many do not, by reason."""
        return dict(Counter(choice.skip_reason for choice in self.choices))

    def choice_of(self, person_id: int) -> Choice | None:
        return next((choice for choice in self.choices if choice.person_id == person_id), None)

    def mailed(self) -> list[int]:
        return [choice.person_id for choice in self.choices if choice.address]


@dataclass(frozen=True, slots=True)
class Facts:
    """About the people of an audience, read once for all of them. Sets hold ids of people."""

    in_contract: set[int]
    says_found: set[int]
    contacted: set[int]
    addresses: dict[int, list[Address]]
    refusing: set[str]
    dead: set[str]

    def reason(self, person_id: int) -> str:
        """Why this person cannot be written to, whatever the offers; the first reason that holds."""
        if person_id in self.in_contract:
            return SkipReason.IN_CONTRACT
        if person_id in self.says_found:
            return SkipReason.SAYS_FOUND
        if person_id not in self.addresses:
            return SkipReason.NO_ADDRESS
        if self.address(person_id) is None:
            return self._no_address(person_id)
        return SkipReason.ALREADY_CONTACTED if person_id in self.contacted else ""

    def address(self, person_id: int) -> Address | None:
        return usable_address(self.addresses.get(person_id, ()), self.refusing | self.dead)

    def _no_address(self, person_id: int) -> str:
        refused = any(address.email in self.refusing for address in self.addresses[person_id])
        return SkipReason.OBJECTION if refused else SkipReason.DEAD_ADDRESS


def choose_recipients(campaign: Campaign) -> Selection:
    """Reasons in order: those of Facts, no offer, an address another file is written to, the control group, and last
    the offers: all given to others of this campaign. The control group is drawn among those who would be written to,
    so that it can be compared with them.
    """
    today = timezone.localdate()
    audience = Audience.from_json(campaign.audience)
    people = audience.people(campaign.cell_id, today)
    facts = read_facts(campaign, people, audience.not_contacted_days)
    everyone = [Person(*row) for row in people.order_by("pk").values_list("pk", "uuid")]
    reasons = {person.pk: facts.reason(person.pk) for person in everyone}
    table = read_table(people, settings_of(campaign, today))
    reachable = [person for person in everyone if not reasons[person.pk]]
    suited = people_with_candidates(table, {person.pk for person in reachable}, spent=False)
    reasons |= _not_drawn(campaign, facts, reachable, suited)
    shares = share_out(table, {person.pk for person in everyone if not reasons[person.pk]})
    reasons |= _left_out(reasons, shares, table)
    return Selection([_choice(person.pk, reasons[person.pk], facts) for person in everyone], shares)


def count_outcomes(campaign: Campaign) -> dict[str, int]:
    """How many get a mail (key "") and how many do not, by reason: foreseen before launch, frozen after it."""
    if campaign.launched_at is None:
        return choose_recipients(campaign).counts()
    return dict(Counter(campaign.recipients.values_list("skip_reason", flat=True)))


def is_held_out(campaign_uuid: UUID, person_uuid: UUID, percent: int) -> bool:
    """The same answer for the same pair, without a list to keep: a draw nobody can steer."""
    digest = hmac.digest(campaign_uuid.bytes, person_uuid.bytes, sha256)
    return int.from_bytes(digest[:8], "big") % 100 < percent


def usable_address(addresses: Iterable[Address], unusable: set[str]) -> Address | None:
    """The first one may write to: the person's own, then the guardians' by rank."""
    return next((address for address in addresses if address.email not in unusable), None)


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


def people_who_found(people: Iterable[int] | QuerySet[YoungPerson]) -> set[int]:
    """Those who answered that they have an employer, until a counsellor has dealt with the answer."""
    found = CampaignAnswer.objects.waiting().filter(kind=CampaignAnswer.Kind.FOUND)
    return set(found.filter(recipient__young_person__in=people).values_list("recipient__young_person", flat=True))


def read_facts(campaign: Campaign, people: QuerySet[YoungPerson], not_contacted_days: int) -> Facts:
    addresses = addresses_of(people)
    given = [address.email for several in addresses.values() for address in several]
    return Facts(
        in_contract=people_in_contract(people.order_by()),
        says_found=people_who_found(people.order_by()),
        contacted=_contacted(campaign, timezone.now() - timedelta(days=not_contacted_days)),
        addresses=addresses,
        refusing=objecting(given, campaign.stream.purpose),
        dead=suppressed(given, campaign.stream.purpose),
    )


def _contacted(campaign: Campaign, since: datetime) -> set[int]:
    others = Recipient.objects.filter(
        young_person__cell=campaign.cell_id, campaign__launched_at__gt=since, mail__state__in=REACHING_STATES
    )
    return set(others.exclude(campaign=campaign).values_list("young_person", flat=True))


def _not_drawn(campaign: Campaign, facts: Facts, people: list[Person], suited: set[int]) -> dict[int, str]:
    """Of the people one could write to, those who get no mail before any offer is shared out."""
    doubles = _doubles(campaign, facts, [person.pk for person in people if person.pk in suited])
    reasons: dict[int, str] = {}
    for person in people:
        if person.pk not in suited:
            reasons[person.pk] = SkipReason.NO_OFFER
        elif person.pk in doubles:
            reasons[person.pk] = SkipReason.SAME_ADDRESS
        elif is_held_out(campaign.uuid, person.uuid, campaign.hold_out_percent):
            reasons[person.pk] = SkipReason.HELD_OUT
    return reasons


def _doubles(campaign: Campaign, facts: Facts, people: list[int]) -> set[int]:
    """Those whose address already serves another file: whoever owns it comes first, then the oldest file.

    Decided before the draw, so that a family is wholly written to, or wholly in the control group.
    """
    if campaign.dedupe != Campaign.Dedupe.ADDRESS:
        return set()
    addresses = {person_id: address for person_id in people if (address := facts.address(person_id))}
    order = sorted(addresses, key=lambda pk: (addresses[pk].of != Recipient.AddressOf.SELF, pk))
    first: dict[str, int] = {}
    for person_id in order:
        first.setdefault(addresses[person_id].email.lower(), person_id)
    return set(addresses) - set(first.values())


def _left_out(reasons: dict[int, str], shares: Shares, table: Table) -> dict[int, str]:
    """CROWDED_OUT: drawn, but others of this campaign took every offer. BUDGET: nothing was left before it began."""
    drawn = {person_id for person_id, reason in reasons.items() if not reason}
    without = {person_id for person_id, reason in reasons.items() if reason == SkipReason.NO_OFFER}
    spent = people_with_candidates(table, without, spent=True)
    crowded = dict.fromkeys(drawn - shares.people(), SkipReason.CROWDED_OUT)
    return {**crowded, **dict.fromkeys(spent, SkipReason.BUDGET)}


def _choice(person_id: int, reason: str, facts: Facts) -> Choice:
    return Choice(person_id, reason, None if reason else facts.address(person_id))
