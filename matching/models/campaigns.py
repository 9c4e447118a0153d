"""A campaign is an allocation plus a ledger: who was chosen, with which offers, and what became of the mail."""

import uuid
from datetime import datetime, time, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

from cells.models import MailStream, OutgoingMail
from cells.scoping import ScopedQuerySet, Viewer
from employers.models import Offer
from matching.models.reasons import ReasonsField
from matching.models.runs import MatchRun
from matching.workflow import CampaignState, SkipReason
from youth.models import Wish, YoungPerson


class CampaignQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.of_cell(viewer)


class Campaign(models.Model):
    """`audience` and the other settings are what matching.plans.Plan says; they move no more once launched.

    `parameters` are those of the allocation, kept at launch. `message` says why the last try to launch was refused.
    """

    class Dedupe(models.TextChoices):
        PERSON = "person", "Un mail par jeune"
        ADDRESS = "address", "Un mail par adresse"

    class Wording(models.TextChoices):
        FIRST = "first", "Premier envoi"
        REMINDER = "reminder", "Nouvelles offres, après un premier envoi"

    LATE_AFTER = timedelta(days=2)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cell = models.ForeignKey("cells.Cell", models.PROTECT, related_name="campaigns", verbose_name="cellule")
    name = models.CharField("nom", max_length=120)
    state = models.CharField("état", max_length=10, choices=CampaignState.choices, default=CampaignState.DRAFT)
    run = models.ForeignKey(
        MatchRun, models.SET_NULL, null=True, blank=True, related_name="campaigns", verbose_name="préparée depuis"
    )
    stream = models.OneToOneField(MailStream, models.PROTECT, related_name="campaign", verbose_name="flux de mails")
    audience = models.JSONField("public visé", default=dict)
    offers_per_mail = models.PositiveSmallIntegerField("offres par mail", default=5)
    exposure_factor = models.FloatField("jeunes par poste ouvert", default=15)
    hold_out_percent = models.PositiveSmallIntegerField("groupe témoin (%)", default=0)
    dedupe = models.CharField("doublons", max_length=10, choices=Dedupe.choices, default=Dedupe.PERSON)
    wording = models.CharField("texte", max_length=10, choices=Wording.choices, default=Wording.FIRST)
    sends_from = models.TimeField("envoi à partir de", default=time(8))
    sends_until = models.TimeField("envoi jusqu’à", default=time(20))
    sends_on_rest_days = models.BooleanField("envoi dimanches et jours fériés", default=False)
    scheduled_for = models.DateTimeField("à lancer le", null=True, blank=True)
    parameters = models.JSONField("paramètres de la répartition", default=dict)
    message = models.CharField("message", max_length=500, blank=True)
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
                condition=Q(state__in=["draft", "scheduled"], launched_at__isnull=True)
                | Q(state="cancelled")
                | (~Q(state__in=["draft", "scheduled"]) & Q(launched_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="campaign_scheduled_has_slot", condition=~Q(state="scheduled") | Q(scheduled_for__isnull=False)
            ),
            models.CheckConstraint(name="campaign_exposure_factor", condition=Q(exposure_factor__range=(0.5, 200))),
        ]

    def __str__(self):
        return self.name

    @property
    def is_launched(self) -> bool:
        return self.launched_at is not None

    def is_late(self, now: datetime) -> bool:
        """Its slot passed so long ago that a person must say whether it still makes sense."""
        slot = self.scheduled_for
        return self.state == CampaignState.SCHEDULED and slot is not None and slot < now - self.LATE_AFTER


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
    links_revoked_at = models.DateTimeField("liens de réponse fermés le", null=True, blank=True)
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
    """An offer frozen for a recipient, with the facts the mail words: nothing is recomputed at sending time.

    The first `offers_per_mail` ranks are the mail's; `spare` ones follow, to take the place of an offer that closes
    before the mail leaves. A spare offer spends no budget until it is shown.

    A launch writes hundreds of thousands: the database does not check that the offer and the wish, just read in the
    same transaction, are there. Django protects or deletes them all the same.
    """

    recipient = models.ForeignKey(Recipient, models.CASCADE, related_name="offers", verbose_name="destinataire")
    offer = models.ForeignKey(
        Offer, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name="offre"
    )  # recipient_offer_exposure starts with it
    wish = models.ForeignKey(Wish, models.CASCADE, related_name="+", db_constraint=False, verbose_name="vœu servi")
    rank = models.PositiveSmallIntegerField("rang")
    spare = models.BooleanField("de rechange", default=False)
    score = models.IntegerField("score")
    distance_m = models.IntegerField("distance (m)", null=True)
    reasons = ReasonsField("raisons", default=dict)

    class Meta:
        verbose_name = "offre envoyée"
        verbose_name_plural = "offres envoyées"
        ordering = ["recipient", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["recipient", "offer"], name="recipient_offer_once"),
            models.UniqueConstraint(fields=["recipient", "rank"], name="recipient_offer_rank_once"),
        ]
        indexes = [models.Index(fields=["offer"], name="recipient_offer_exposure")]
