"""A campaign is an allocation plus a ledger: who was chosen, with which offers, and what became of the mail."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from cells.models import MailStream, OutgoingMail
from cells.scoping import ScopedQuerySet, Viewer
from employers.models import Offer
from matching.models.runs import MatchRun
from matching.workflow import CampaignState, SkipReason
from youth.models import Wish, YoungPerson


class CampaignQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.of_cell(viewer)


class Campaign(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cell = models.ForeignKey("cells.Cell", models.PROTECT, related_name="campaigns", verbose_name="cellule")
    name = models.CharField("nom", max_length=120)
    state = models.CharField("état", max_length=10, choices=CampaignState.choices, default=CampaignState.DRAFT)
    run = models.ForeignKey(MatchRun, models.PROTECT, related_name="campaigns", verbose_name="calcul")
    stream = models.OneToOneField(MailStream, models.PROTECT, related_name="campaign", verbose_name="flux de mails")
    audience = models.JSONField("public visé", default=dict)
    offers_per_mail = models.PositiveSmallIntegerField("offres par mail", default=5)
    hold_out_percent = models.PositiveSmallIntegerField("groupe témoin (%)", default=0)
    created_by = models.ForeignKey("cells.User", models.SET_NULL, null=True, related_name="+", verbose_name="créée par")
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    launched_at = models.DateTimeField("lancée le", null=True)
    finished_at = models.DateTimeField("terminée le", null=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = "campagne"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="campaign_offers_per_mail", condition=Q(offers_per_mail__range=(1, 8))),
            models.CheckConstraint(name="campaign_hold_out", condition=Q(hold_out_percent__range=(0, 50))),
            models.CheckConstraint(
                name="campaign_launched_iff_not_draft",
                condition=Q(state="draft", launched_at__isnull=True)
                | Q(state="cancelled")
                | (~Q(state="draft") & Q(launched_at__isnull=False)),
            ),
        ]

    def __str__(self):
        return self.name


class RecipientQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.filter(young_person__in=YoungPerson.objects.visible_to(viewer))


class Recipient(models.Model):
    """One person in one campaign, frozen at launch: either a mail, or the reason there is none."""

    class AddressOf(models.TextChoices):
        SELF = "self", "Le jeune"
        GUARDIAN = "guardian", "Responsable légal"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="recipients", verbose_name="campagne")
    young_person = models.ForeignKey(
        YoungPerson, models.PROTECT, related_name="received_campaigns", verbose_name="jeune"
    )
    skip_reason = models.CharField("raison de non-envoi", max_length=20, choices=SkipReason.choices, blank=True)
    address_of = models.CharField("adresse de", max_length=10, choices=AddressOf.choices, blank=True)
    mail = models.OneToOneField(OutgoingMail, models.PROTECT, null=True, related_name="recipient", verbose_name="mail")
    created_at = models.DateTimeField("figé le", auto_now_add=True)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        verbose_name = "destinataire"
        constraints = [
            models.UniqueConstraint(fields=["campaign", "young_person"], name="recipient_once"),
            models.CheckConstraint(
                name="recipient_mail_or_reason",
                condition=Q(mail__isnull=False, skip_reason="") | (Q(mail__isnull=True) & ~Q(skip_reason="")),
            ),
        ]
        indexes = [models.Index(fields=["campaign", "skip_reason"], name="recipient_outcome")]

    def __str__(self):
        return f"destinataire {self.uuid}"


class RecipientOffer(models.Model):
    """An offer frozen for a recipient, with the facts the mail words: nothing is recomputed at sending time."""

    recipient = models.ForeignKey(Recipient, models.CASCADE, related_name="offers", verbose_name="destinataire")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+", verbose_name="offre")
    wish = models.ForeignKey(Wish, models.CASCADE, related_name="+", verbose_name="vœu servi")
    rank = models.PositiveSmallIntegerField("rang")
    score = models.IntegerField("score")
    distance_m = models.IntegerField("distance (m)", null=True)
    reasons = models.JSONField("raisons", default=dict)

    class Meta:
        verbose_name = "offre envoyée"
        verbose_name_plural = "offres envoyées"
        ordering = ["recipient", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["recipient", "offer"], name="recipient_offer_once"),
            models.UniqueConstraint(fields=["recipient", "rank"], name="recipient_offer_rank_once"),
        ]
        indexes = [models.Index(fields=["offer"], name="recipient_offer_exposure")]
