"""Trainings: what a wish asks for, and the occupations it leads to."""

import uuid

from django.db import models
from django.db.models import Q

from cells.models.nomenclatures import DiplomaLevel, Occupation
from cells.models.organisations import TrainingCentre


class Training(models.Model):
    """A diploma, at one training centre or (no centre) wherever it is taught.

    Wish files name it by clé ministère éducatif (one centre), MEF (10 characters), CFD, RNCP or label.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    label = models.CharField("intitulé", max_length=300)
    search_label = models.CharField("intitulé normalisé", max_length=300, db_index=True)
    level = models.ForeignKey(
        DiplomaLevel, models.PROTECT, null=True, blank=True, related_name="trainings", verbose_name="niveau"
    )
    centre = models.ForeignKey(
        TrainingCentre, models.CASCADE, null=True, blank=True, related_name="trainings", verbose_name="CFA"
    )
    cle_ministere_educatif = models.CharField("clé ministère éducatif", max_length=80, blank=True)
    mef = models.CharField("MEF", max_length=10, blank=True, db_index=True)
    cfd = models.CharField("CFD", max_length=8, blank=True, db_index=True)
    rncp = models.CharField("RNCP", max_length=9, blank=True, db_index=True)
    occupations = models.ManyToManyField(
        Occupation, related_name="trainings", blank=True, verbose_name="métiers préparés"
    )

    class Meta:
        verbose_name = "formation"
        ordering = ["label", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cle_ministere_educatif"],
                condition=~Q(cle_ministere_educatif=""),
                name="training_cle_me_once",
            ),
            models.CheckConstraint(name="training_mef_shape", condition=Q(mef="") | Q(mef__regex=r"^[0-9A-Z]{10}$")),
            models.CheckConstraint(name="training_cfd_shape", condition=Q(cfd="") | Q(cfd__regex=r"^[0-9A-Z]{8}$")),
            models.CheckConstraint(
                name="training_rncp_shape", condition=Q(rncp="") | Q(rncp__regex=r"^RNCP[0-9]{3,5}$")
            ),
        ]

    def __str__(self):
        return self.label


class TrainingAlias(models.Model):
    """A human's answer to "what is this training?", reused by every later import.

    `key` is what a file said, as `mef:…`, `cfd:…`, `rncp:…` or `label:…` (normalised).
    """

    key = models.CharField("clé lue", max_length=320, unique=True)
    training = models.ForeignKey(Training, models.CASCADE, related_name="aliases", verbose_name="formation")
    decided_by = models.ForeignKey(
        "cells.User", models.SET_NULL, null=True, related_name="+", verbose_name="décidé par"
    )
    decided_at = models.DateTimeField("décidé le", auto_now_add=True)

    class Meta:
        verbose_name = "correspondance de formation"
        verbose_name_plural = "correspondances de formation"
