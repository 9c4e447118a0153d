"""What a launch writes: a Recipient per person, a queued mail per recipient without a reason, each mail's offers.

Whole columns at a time: 25,000 rows through model instances would take longer than choosing them.
"""

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Model

from cells.mailing.ledger import new_mail
from cells.mailing.message import message_id_for
from cells.models import OutgoingMail
from matching.copying import Nullable, copy_in
from matching.models import Campaign, Recipient, RecipientOffer
from matching.services.campaign_offers import Shares
from matching.services.recipients import Selection

Columns = dict[str, tuple[str, list[Any]]]


def freeze_recipients(campaign: Campaign, selection: Selection) -> None:
    """Part of the launch's transaction: all of it or nothing."""
    mailed = [choice for choice in selection.choices if choice.address]
    mail_uuids = {choice.person_id: uuid.uuid4() for choice in mailed}
    if mailed:
        _freeze_mails(
            campaign,
            list(mail_uuids.values()),
            people=list(mail_uuids),
            addresses=[choice.address.email for choice in mailed if choice.address],
        )
    if selection.choices:
        _freeze_people(campaign, selection, mail_uuids)
    if len(selection.shares.person):
        _freeze_offers(campaign, selection.shares)


def _freeze_mails(
    campaign: Campaign, uuids: Sequence[uuid.UUID], *, people: Sequence[int], addresses: Sequence[str]
) -> None:
    """All alike but for whom they go to."""
    alike = new_mail(campaign.stream, dedup_key="", to="")
    columns: Columns = {
        "uuid": ("uuid", [str(one) for one in uuids]),
        "dedup_key": ("text", [f"campaign:{campaign.pk}:{person}" for person in people]),
        "message_id": ("text", [message_id_for(one) for one in uuids]),
        "to_address": ("text", list(addresses)),
    }
    insert_alike(alike, columns)


def _freeze_people(campaign: Campaign, selection: Selection, mail_uuids: dict[int, uuid.UUID]) -> None:
    mails = dict(OutgoingMail.objects.filter(stream=campaign.stream_id).values_list("uuid", "pk"))
    ids = [choice.person_id for choice in selection.choices]
    columns: Columns = {
        "uuid": ("uuid", [str(uuid.uuid4()) for _ in ids]),
        "young_person": ("bigint", ids),
        "skip_reason": ("text", [str(choice.skip_reason) for choice in selection.choices]),
        "address_of": ("text", [str(choice.address.of) if choice.address else "" for choice in selection.choices]),
        "mail": ("bigint", [mails[mail_uuids[one]] if one in mail_uuids else None for one in ids]),
    }
    insert_alike(Recipient(campaign=campaign), columns)


def insert_alike(alike: Model, columns: Columns) -> None:
    """One row per item of the columns (SQL type, values by field name); every other field is that of `alike`."""
    quoted = connection.ops.quote_name
    fields = [field for field in alike._meta.concrete_fields if not field.primary_key]
    constants = [field for field in fields if field.name not in columns]
    varying = [field for field in fields if field.name in columns]
    names = ", ".join(quoted(field.column) for field in (*constants, *varying))
    values = ", ".join([*["%s"] * len(constants), *(f"row.{quoted(field.column)}" for field in varying)])
    arrays = ", ".join(f"%s::{columns[field.name][0]}[]" for field in varying)
    given = ", ".join(quoted(field.column) for field in varying)
    statement = (
        f"INSERT INTO {quoted(alike._meta.db_table)} ({names}) SELECT {values} FROM unnest({arrays}) AS row ({given})"
    )
    kept = [field.get_db_prep_save(field.pre_save(alike, True), connection) for field in constants]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*kept, *(columns[field.name][1] for field in varying)])


def _freeze_offers(campaign: Campaign, shares: Shares) -> None:
    rows = campaign.recipients.order_by("young_person").values_list("young_person", "pk")
    person, recipient = np.array(list(rows), dtype=np.int64).T
    copy_in(
        RecipientOffer,
        recipient=recipient[np.searchsorted(person, shares.person)],
        offer=shares.offer,
        wish=shares.wish,
        rank=shares.rank,
        spare=shares.spare,
        score=shares.score,
        distance_m=Nullable(shares.distance_m, shares.distance_m >= 0),
        reasons=shares.reasons,
    )
