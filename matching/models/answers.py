"""What a young person, or a guardian, answers to a campaign's mail, and the offers they do not want to see again."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from cells.scoping import ScopedQuerySet, Viewer
from employers.models import Offer
from matching.models.campaigns import Recipient
from youth.models import YoungPerson


class RefusalReason(models.TextChoices):
    """Why an offer is not for somebody: a closed list, so that nobody types about their health or family."""

    TOO_FAR = "too_far", "C’est trop loin ou difficile d’accès"
    OTHER_TRADE = "other_trade", "Ce n’est pas le métier souhaité"
    DATES = "dates", "Les dates ne conviennent pas"
    LEVEL = "level", "Ce n’est pas le bon niveau de diplôme"
    EMPLOYER = "employer", "L’employeur ne convient pas"
    ALREADY_ASKED = "already_asked", "Candidature déjà envoyée, sans suite"
    OTHER = "other", "Une autre raison"


class CampaignAnswerQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.filter(recipient__young_person__in=YoungPerson.objects.visible_to(viewer))

    def waiting(self) -> Self:
        """Those a counsellor must act on: an offer that is not wanted needs nobody."""
        return self.filter(handled_at=None, kind__in=CampaignAnswer.TO_HANDLE)


class CampaignAnswer(models.Model):
    class Kind(models.TextChoices):
        CALL_ME = "call_me", "Demande à être appelé"
        FOUND = "found", "Dit avoir trouvé un employeur"
        APPLIED = "applied", "Dit avoir candidaté"
        NOT_FOR_ME = "not_for_me", "Ne veut pas de cette offre"

    TO_HANDLE = (Kind.CALL_ME, Kind.FOUND)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey(Recipient, models.CASCADE, related_name="answers", verbose_name="destinataire")
    kind = models.CharField("réponse", max_length=12, choices=Kind.choices)
    offer = models.ForeignKey(Offer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="offre")
    reason = models.CharField("raison", max_length=20, choices=RefusalReason.choices, blank=True)
    created_at = models.DateTimeField("reçue le", auto_now_add=True)
    handled_at = models.DateTimeField("traitée le", null=True, blank=True)
    handled_by = models.ForeignKey(
        "cells.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="traitée par"
    )

    objects = CampaignAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = "réponse à une campagne"
        verbose_name_plural = "réponses aux campagnes"
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "kind", "offer"], nulls_distinct=False, name="campaign_answer_once"
            ),
            models.CheckConstraint(
                name="campaign_answer_offer",
                condition=Q(kind__in=["applied", "not_for_me"], offer__isnull=False)
                | Q(kind__in=["call_me", "found"], offer__isnull=True),
            ),
            models.CheckConstraint(
                name="campaign_answer_reason",
                condition=(Q(kind="not_for_me") & ~Q(reason="")) | (~Q(kind="not_for_me") & Q(reason="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(handled_at=None, kind__in=["call_me", "found"]),
                name="campaign_answer_waiting",
            )
        ]

    def __str__(self):
        return f"réponse {self.uuid}"


class OfferRefusalQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.filter(young_person__in=YoungPerson.objects.visible_to(viewer))


class OfferRefusal(models.Model):
    """An offer that is never proposed again to this person."""

    young_person = models.ForeignKey(YoungPerson, models.CASCADE, related_name="refusals", verbose_name="jeune")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="+", verbose_name="offre")
    reason = models.CharField("raison", max_length=20, choices=RefusalReason.choices)
    created_at = models.DateTimeField("refusée le", auto_now_add=True)

    objects = OfferRefusalQuerySet.as_manager()

    class Meta:
        verbose_name = "offre refusée"
        verbose_name_plural = "offres refusées"
        constraints = [models.UniqueConstraint(fields=["young_person", "offer"], name="offer_refusal_once")]

    def __str__(self):
        return f"refus {self.pk}"
