"""The ledger of outgoing mail: the database alone says what is due, leased, sent or in doubt."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Exists, Q

from cells.scoping import ScopedQuerySet, Viewer


class MailPurpose(models.TextChoices):
    """What a person may object to, each on its own."""

    OFFERS = "offers", "Envoi d’offres"
    SERVICE = "service", "Message de service"


class MailPolicy(models.Model):
    """One row: what holds for every campaign of the platform. `campaigns_stopped` is the kill switch.

    A stream is paused by itself when, of its last `minimum_sample` mails or more, too many were refused or
    complained of.
    """

    ONLY = 1

    campaigns_stopped = models.BooleanField("tous les envois arrêtés", default=False)
    stopped_reason = models.CharField("raison de l’arrêt", max_length=200, blank=True)
    changed_at = models.DateTimeField("modifié le", auto_now=True)
    minimum_sample = models.PositiveIntegerField("mails avant de juger", default=100)
    refused_percent = models.FloatField("refus tolérés (%)", default=10)
    complained_permille = models.FloatField("signalements tolérés (‰)", default=3)
    soft_limit = models.PositiveSmallIntegerField("échecs passagers avant abandon de l’adresse", default=3)
    soft_days = models.PositiveSmallIntegerField("sur combien de jours", default=30)

    class Meta:
        verbose_name = "règle d’envoi"
        verbose_name_plural = "règles d’envoi"
        constraints = [models.CheckConstraint(name="mail_policy_only_one", condition=Q(pk=1))]

    def __str__(self):
        return "règles d’envoi"


class MailStreamQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.of_cell(viewer)


class MailStream(models.Model):
    """Mails that are paused, resumed or stopped together: a campaign, or a cell's service mail."""

    class State(models.TextChoices):
        OPEN = "open", "Ouvert"
        PAUSED = "paused", "En pause"
        STOPPED = "stopped", "Arrêté"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cell = models.ForeignKey(
        "cells.Cell", models.PROTECT, null=True, related_name="mail_streams", verbose_name="cellule"
    )
    name = models.CharField("nom", max_length=120)
    purpose = models.CharField("finalité", max_length=20, choices=MailPurpose.choices)
    state = models.CharField("état", max_length=10, choices=State.choices, default=State.OPEN)
    # A resumed stream is judged on what it sends from then on.
    judged_from = models.DateTimeField("jugé à partir du", null=True)

    objects = MailStreamQuerySet.as_manager()

    class Meta:
        verbose_name = "flux de mails"
        verbose_name_plural = "flux de mails"

    def __str__(self):
        return self.name


class OutgoingMailQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.of_cell(viewer, "stream__cell_id")

    def due(self, now) -> Self:
        """Queued mails whose time has come, in streams that are open; the kill switch spares service mail."""
        stopped = MailPolicy.objects.filter(campaigns_stopped=True)
        return self.filter(
            Q(stream__purpose=MailPurpose.SERVICE) | ~Exists(stopped),
            state=OutgoingMail.State.QUEUED,
            next_attempt_at__lte=now,
            stream__state=MailStream.State.OPEN,
        )

    def lease_expired(self, now) -> Self:
        return self.filter(state=OutgoingMail.State.LEASED, lease_until__lt=now)


class OutgoingMail(models.Model):
    """One message to one address.

    A worker leases the row, renders and stores the message, commits `handed_over_at`, speaks SMTP, then closes the
    row. A lease that runs out before `handed_over_at` is queued again; after it, nobody knows whether the server
    took the mail: the row becomes `uncertain` and is never sent again by itself.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "À envoyer"
        LEASED = "leased", "En cours d’envoi"
        SENT = "sent", "Envoyé"
        UNCERTAIN = "uncertain", "Incertain"
        FAILED = "failed", "Refusé"
        BOUNCED = "bounced", "Non distribué"
        COMPLAINED = "complained", "Signalé comme indésirable"
        WITHDRAWN = "withdrawn", "Retiré"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    stream = models.ForeignKey(MailStream, models.PROTECT, related_name="mails", verbose_name="flux")
    dedup_key = models.CharField("clé d’unicité", max_length=120, unique=True)
    message_id = models.CharField("Message-ID", max_length=200, unique=True)
    to_address = models.EmailField("adresse")
    subject = models.CharField("objet", max_length=200, blank=True)
    text = models.TextField("texte", blank=True)
    html = models.TextField("HTML", blank=True)
    headers = models.JSONField("en-têtes", default=dict)
    content_sha256 = models.CharField("empreinte du contenu", max_length=64, blank=True)

    state = models.CharField("état", max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    next_attempt_at = models.DateTimeField("à envoyer à partir de")
    lease_until = models.DateTimeField("réservé jusqu’à", null=True)
    leased_by = models.CharField("réservé par", max_length=80, blank=True)
    handed_over_at = models.DateTimeField("remis au serveur à", null=True)
    closed_at = models.DateTimeField("terminé à", null=True)
    smtp_code = models.PositiveSmallIntegerField("code SMTP", null=True)
    outcome = models.CharField("explication", max_length=300, blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        verbose_name = "mail sortant"
        verbose_name_plural = "mails sortants"
        constraints = [
            models.CheckConstraint(
                name="outgoing_mail_lease_iff_leased",
                condition=Q(state="leased", lease_until__isnull=False)
                | (~Q(state="leased") & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="outgoing_mail_closed_iff_final",
                condition=Q(state__in=["queued", "leased"], closed_at__isnull=True)
                | (~Q(state__in=["queued", "leased"]) & Q(closed_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="outgoing_mail_uncertain_was_handed_over",
                condition=~Q(state="uncertain") | Q(handed_over_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["stream", "next_attempt_at"], condition=Q(state="queued"), name="outgoing_mail_due"),
            models.Index(
                fields=["stream"],
                condition=Q(state__in=["failed", "bounced", "complained"]),
                name="outgoing_mail_unwelcome",
            ),
            models.Index(fields=["lease_until"], condition=Q(state="leased"), name="outgoing_mail_leases"),
        ]

    def __str__(self):
        return f"mail {self.uuid} ({self.state})"


class Objection(models.Model):
    """An address that wants no more mail of one purpose. Only a keyed hash is kept: it survives an erasure."""

    class Source(models.TextChoices):
        ONE_CLICK = "one_click", "Désinscription en un clic"
        PAGE = "page", "Page de désinscription"
        COUNSELLOR = "counsellor", "Saisie par un conseiller"

    purpose = models.CharField("finalité", max_length=20, choices=MailPurpose.choices)
    address_hash = models.CharField("empreinte de l’adresse", max_length=64)
    source = models.CharField("origine", max_length=20, choices=Source.choices)
    created_at = models.DateTimeField("reçue le", auto_now_add=True)

    class Meta:
        verbose_name = "opposition"
        constraints = [
            models.UniqueConstraint(fields=["purpose", "address_hash"], name="objection_once"),
        ]

    def __str__(self):
        return f"opposition {self.pk}"
