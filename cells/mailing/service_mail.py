"""Service mails are written when they are queued; only objections are looked at again."""

from collections.abc import Sequence

from cells.mailing.delivery import Withdrawal
from cells.mailing.message import Content
from cells.mailing.objections import objecting
from cells.models import MailPurpose, OutgoingMail

OBJECTED = "Le destinataire s’est opposé à ces messages."


def prepare_service_mails(mails: Sequence[OutgoingMail]) -> dict[int, Content | Withdrawal]:
    refusing = objecting([mail.to_address for mail in mails], MailPurpose.SERVICE)
    return {
        mail.pk: Withdrawal(OBJECTED)
        if mail.to_address in refusing
        else Content(mail.subject, mail.text, mail.html, mail.headers)
        for mail in mails
    }
