"""The networks around a cell, training centres among them."""

import uuid

from django.db import models
from django.db.models import Q

from cells.models.territory import Department, PlacedQuerySet, Region, place_constraints

SIRET_SHAPE = r"^[0-9]{14}$"
UAI_SHAPE = r"^[0-9]{7}[A-Z]$"


class Cell(models.Model):
    """A regional cell: the tenant. Every personal row belongs to one."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("nom", max_length=120)
    region = models.OneToOneField(Region, models.PROTECT, related_name="cell", verbose_name="région")
    reply_to = models.EmailField("adresse de réponse")
    phone = models.CharField("téléphone", max_length=20, blank=True)
    is_active = models.BooleanField("active", default=True)

    class Meta:
        verbose_name = "cellule"
        ordering = ["name"]

    def __str__(self):
        return self.name


class Organisation(models.Model):
    """A member of a network (mission locale, OPCO, rectorat…) working with one or several cells."""

    class Kind(models.TextChoices):
        TRAINING_CENTRE = "training_centre", "CFA"
        MISSION_LOCALE = "mission_locale", "Mission locale"
        FRANCE_TRAVAIL = "france_travail", "France Travail"
        OPCO = "opco", "OPCO"
        RECTORAT = "rectorat", "Rectorat"
        STATE_SERVICE = "state_service", "Service de l’État"
        REGION = "region", "Région"
        CARIF_OREF = "carif_oref", "Carif-Oref"
        JOB_BOARD = "job_board", "Diffuseur d’offres"
        OTHER = "other", "Autre"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("nature", max_length=20, choices=Kind.choices)
    name = models.CharField("nom", max_length=200)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    cells = models.ManyToManyField(Cell, related_name="organisations", blank=True, verbose_name="cellules")
    departments = models.ManyToManyField(
        Department, related_name="organisations", blank=True, verbose_name="départements"
    )

    class Meta:
        verbose_name = "structure"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="organisation_siret_shape", condition=Q(siret="") | Q(siret__regex=SIRET_SHAPE)
            ),
            models.UniqueConstraint(fields=["siret"], condition=~Q(siret=""), name="organisation_siret_once"),
        ]

    def __str__(self):
        return self.name


class TrainingCentre(models.Model):
    """A place where apprentices are taught (CFA site), known by its UAI or its SIRET."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="sites", verbose_name="structure"
    )
    uai = models.CharField("UAI", max_length=8, blank=True)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    name = models.CharField("nom", max_length=200)
    address = models.CharField("adresse", max_length=300, blank=True)
    commune = models.ForeignKey(
        "cells.Commune", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="commune"
    )
    latitude = models.FloatField("latitude", null=True, blank=True)
    longitude = models.FloatField("longitude", null=True, blank=True)

    objects = PlacedQuerySet.as_manager()

    class Meta:
        verbose_name = "CFA"
        verbose_name_plural = "CFA"
        ordering = ["name"]
        constraints = [
            *place_constraints("training_centre"),
            models.CheckConstraint(name="training_centre_uai_shape", condition=Q(uai="") | Q(uai__regex=UAI_SHAPE)),
            models.CheckConstraint(
                name="training_centre_siret_shape", condition=Q(siret="") | Q(siret__regex=SIRET_SHAPE)
            ),
            models.UniqueConstraint(fields=["uai"], condition=~Q(uai=""), name="training_centre_uai_once"),
        ]

    def __str__(self):
        return self.name
