"""Sending a stream's due mails the way a worker does, without a campaign."""

from collections import Counter

from django.db.models.functions import Now

from cells.mailing.delivery import deliver_batch
from cells.mailing.message import Content
from cells.models import OutgoingMail


def point_to(settings, port, connections=1):
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 10
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.MAIL_CONNECTIONS = connections


def write(mails):
    headers = {"From": "cellule@jonction.example", "MIME-Version": "1.0"}
    return {mail.pk: Content("Des offres", f"Bonjour {mail.pk}\n", f"<p>{mail.pk}</p>", headers) for mail in mails}


def deliver(stream, **changes):
    return deliver_batch(stream, **{"prepare": write, "worker": "essai", **changes})


def states(stream):
    return Counter(stream.mails.values_list("state", flat=True))


def make_due(stream):
    stream.mails.filter(state=OutgoingMail.State.QUEUED).update(next_attempt_at=Now())
