"""The contract that closes the loop: it takes the young person out of matching, a break puts them back."""

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q

from cells.scoping import ScopedQuerySet, Viewer
from employers.models.employers import Employer
from employers.models.offers import Offer
from employers.workflow import CURRENT_STATES, ContractState
from youth.models import YoungPerson


class ContractQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.filter(young_person__in=YoungPerson.objects.visible_to(viewer))

    def current(self) -> Self:
        return self.filter(state__in=CURRENT_STATES)


class Contract(models.Model):
    class Kind(models.TextChoices):
        APPRENTICESHIP = "apprentissage", "Contrat d’apprentissage"
        PROFESSIONALISATION = "professionnalisation", "Contrat de professionnalisation"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    young_person = models.ForeignKey(YoungPerson, models.PROTECT, related_name="contracts", verbose_name="jeune")
    employer = models.ForeignKey(Employer, models.PROTECT, related_name="contracts", verbose_name="employeur")
    offer = models.ForeignKey(
        Offer,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="contracts",
        verbose_name="offre d’origine",
    )
    training_centre = models.ForeignKey(
        "cells.TrainingCentre",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="contracts",
        verbose_name="CFA",
    )
    kind = models.CharField("nature", max_length=24, choices=Kind.choices)
    state = models.CharField("état", max_length=10, choices=ContractState.choices, default=ContractState.SIGNED)
    signed_on = models.DateField("signé le")
    starts_on = models.DateField("début")
    ends_on = models.DateField("fin prévue")
    broken_on = models.DateField("rompu le", null=True, blank=True)
    created_at = models.DateTimeField("saisi le", auto_now_add=True)
    updated_at = models.DateTimeField("modifié le", auto_now=True)

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = "contrat"
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["young_person"],
                condition=Q(state__in=[state.value for state in CURRENT_STATES]),
                name="contract_one_current_per_person",
            ),
            models.CheckConstraint(name="contract_ends_after_start", condition=Q(ends_on__gt=F("starts_on"))),
            models.CheckConstraint(
                name="contract_broken_on_iff_broken",
                condition=Q(state="broken", broken_on__isnull=False) | (~Q(state="broken") & Q(broken_on__isnull=True)),
            ),
        ]

    def __str__(self):
        return f"contrat {self.uuid}"
