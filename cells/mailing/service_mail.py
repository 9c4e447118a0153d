"""Service mails are written when they are queued; only objections and dead addresses are looked at again."""

from collections.abc import Sequence

from cells.mailing.delivery import Answer, Withdrawal
from cells.mailing.message import Content
from cells.mailing.objections import objecting
from cells.mailing.suppressions import DEAD_ADDRESS, suppressed
from cells.models import MailPurpose, OutgoingMail

OBJECTED = "Le destinataire s’est opposé à ces messages."


def prepare_service_mails(mails: Sequence[OutgoingMail]) -> dict[int, Answer]:
    addresses = [mail.to_address for mail in mails]
    refusing = objecting(addresses, MailPurpose.SERVICE)
    dead = suppressed(addresses, MailPurpose.SERVICE)
    return {mail.pk: _answer(mail, refusing, dead) for mail in mails}


def _answer(mail: OutgoingMail, refusing: set[str], dead: set[str]) -> Answer:
    if mail.to_address in refusing:
        return Withdrawal(OBJECTED)
    if mail.to_address in dead:
        return Withdrawal(DEAD_ADDRESS)
    return Content(mail.subject, mail.text, mail.html, mail.headers)
