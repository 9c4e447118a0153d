"""Recording that an address wants no more mail of one purpose."""

from django.db import transaction

from cells.mailing.objections import hash_address
from cells.mailing.tokens import UNSUBSCRIBE, read_mail_token
from cells.models import MailPurpose, Objection, OutgoingMail
from cells.scoping import NOBODY, Viewer
from cells.services.audit import record_action


@transaction.atomic
def record_objection(
    *,
    address: str,
    purpose: MailPurpose | str,
    source: Objection.Source | str,
    by: Viewer = NOBODY,
    cell_id: int | None = None,
) -> Objection:
    """Objecting twice changes nothing. Mails still queued to that address are withdrawn when their turn comes."""
    objection, is_new = Objection.objects.get_or_create(
        purpose=purpose, address_hash=hash_address(address), defaults={"source": source}
    )
    if is_new:
        facts = {"purpose": str(purpose), "source": str(source)}
        record_action("objection.recorded", by=by, facts=facts, cell_id=cell_id)
    return objection


def mail_of_token(token: str) -> OutgoingMail | None:
    """The mail an unsubscribe link came with; None when we never wrote that link or the mail is gone."""
    mail_uuid = read_mail_token(token, purpose=UNSUBSCRIBE)
    if mail_uuid is None:
        return None
    return OutgoingMail.objects.select_related("stream__cell").filter(uuid=mail_uuid).first()
