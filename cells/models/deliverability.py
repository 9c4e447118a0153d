"""What keeps outgoing mail welcome: rules on refusals, what came back, dead addresses, rates."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from cells.models.mail import MailPurpose, OutgoingMail
from cells.scoping import ScopedQuerySet, Viewer


class RefusalRule(models.Model):
    """What a code of refusal means, from a date on. `code` is an enhanced code (RFC 3463) or its beginning, or a reply.

    The most precise code wins, then the latest date: a change is a new row.
    """

    class Action(models.TextChoices):
        SUPPRESS = "suppress", "Ne plus écrire à l’adresse"
        PAUSE = "pause", "Mettre la campagne en pause"
        RETRY = "retry", "Réessayer plus tard"
        REFUSE = "refuse", "Abandonner ce mail"

    code = models.CharField("code", max_length=12)
    action = models.CharField("suite", max_length=10, choices=Action.choices)
    valid_from = models.DateField("à partir du")
    source = models.CharField("source", max_length=200)

    class Meta:
        verbose_name = "règle de refus"
        verbose_name_plural = "règles de refus"
        ordering = ["code", "-valid_from"]
        constraints = [models.UniqueConstraint(fields=["code", "valid_from"], name="refusal_rule_once")]

    def __str__(self):
        return f"{self.code} : {self.action}"


class MailRate(models.Model):
    """A token bucket: `per_minute` mails at most on average to one domain, or to all of them (`domain` empty)."""

    domain = models.CharField("domaine", max_length=255, blank=True, unique=True)
    per_minute = models.PositiveIntegerField("mails par minute")
    burst = models.PositiveIntegerField("mails d’un coup")
    tokens = models.FloatField("mails permis", default=0)
    refilled_at = models.DateTimeField("compté le", auto_now_add=True)

    class Meta:
        verbose_name = "débit d’envoi"
        verbose_name_plural = "débits d’envoi"
        constraints = [
            models.CheckConstraint(name="mail_rate_positive", condition=Q(per_minute__gte=1, burst__gte=1)),
        ]

    def __str__(self):
        return self.domain or "tous domaines"


class Suppression(models.Model):
    """An address that mail cannot reach, or that complained. Only a keyed hash is kept: it survives an erasure."""

    class Reason(models.TextChoices):
        DEAD = "dead", "Adresse refusée"
        SOFT = "soft", "Échecs répétés"
        COMPLAINT = "complaint", "Signalée comme indésirable"

    address_hash = models.CharField("empreinte de l’adresse", max_length=64, unique=True)
    reason = models.CharField("raison", max_length=10, choices=Reason.choices)
    code = models.CharField("code", max_length=12, blank=True)
    created_at = models.DateTimeField("depuis le", auto_now_add=True)

    class Meta:
        verbose_name = "adresse écartée"
        verbose_name_plural = "adresses écartées"

    def __str__(self):
        return f"adresse écartée {self.pk}"


class MailReportQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.of_cell(viewer, "mail__stream__cell_id")


class MailReport(models.Model):
    """What came back about a mail: a bounce, a delay, a complaint. `digest` names it: the same one counts once.

    What could not be tied to a mail of ours, or not believed, is kept aside with the reason.
    """

    class Kind(models.TextChoices):
        BOUNCE = "bounce", "Non distribué"
        DELAY = "delay", "Retardé"
        COMPLAINT = "complaint", "Signalement"
        OTHER = "other", "Autre"

    class Source(models.TextChoices):
        SMTP = "smtp", "Réponse du serveur"
        MAILBOX = "mailbox", "Boîte des retours"
        WEBHOOK = "webhook", "Appel du prestataire"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    digest = models.CharField("empreinte", max_length=64, unique=True)
    source = models.CharField("origine", max_length=10, choices=Source.choices)
    kind = models.CharField("nature", max_length=10, choices=Kind.choices)
    mail = models.ForeignKey(OutgoingMail, models.CASCADE, null=True, related_name="reports", verbose_name="mail")
    address_hash = models.CharField("empreinte de l’adresse", max_length=64, blank=True)
    code = models.CharField("code", max_length=12, blank=True)
    diagnostic = models.CharField("diagnostic", max_length=300, blank=True)
    is_soft = models.BooleanField("échec passager", default=False)
    set_aside = models.CharField("raison de la mise de côté", max_length=120, blank=True)
    received_at = models.DateTimeField("reçu le", auto_now_add=True)

    objects = MailReportQuerySet.as_manager()

    class Meta:
        verbose_name = "retour de mail"
        verbose_name_plural = "retours de mails"
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["address_hash", "received_at"], condition=Q(is_soft=True), name="mail_report_soft"),
        ]

    def __str__(self):
        return f"retour {self.uuid} ({self.kind})"


NOT_FOR_SERVICE = frozenset({Suppression.Reason.COMPLAINT})


def suppressing_reasons(purpose: str) -> list[str]:
    """A complaint stops all but service mail; a dead address stops everything."""
    reasons = Suppression.Reason.values
    return [reason for reason in reasons if purpose != MailPurpose.SERVICE or reason not in NOT_FOR_SERVICE]
