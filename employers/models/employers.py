"""An employer is an establishment: one SIRET, one place."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from cells.models.organisations import SIRET_SHAPE
from cells.models.territory import PlacedQuerySet, place_constraints


class EmployerQuerySet(PlacedQuerySet):
    def public(self) -> Self:
        """Employers hold no personal data; those who object to being contacted are not shown."""
        return self.filter(objects_to_contact=False)


class Employer(models.Model):
    """`source_key` identifies an employer whose feed gives no SIRET (normalised name + postcode)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    source_key = models.CharField("clé sans SIRET", max_length=200, blank=True)
    name = models.CharField("nom d’usage", max_length=200)
    legal_name = models.CharField("raison sociale", max_length=200, blank=True)
    brand = models.CharField("enseigne", max_length=200, blank=True)
    description = models.TextField("description", blank=True)
    website = models.URLField("site", max_length=300, blank=True)
    size = models.CharField("effectif", max_length=20, blank=True)
    naf_code = models.CharField("code NAF", max_length=5, blank=True)
    idcc = models.PositiveIntegerField("IDCC", null=True, blank=True)
    opco = models.CharField("OPCO", max_length=120, blank=True)
    address = models.CharField("adresse", max_length=300, blank=True)
    postcode = models.CharField("code postal", max_length=5, blank=True)
    commune = models.ForeignKey(
        "cells.Commune", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="commune"
    )
    latitude = models.FloatField("latitude", null=True, blank=True)
    longitude = models.FloatField("longitude", null=True, blank=True)
    objects_to_contact = models.BooleanField("s’oppose au contact", default=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    updated_at = models.DateTimeField("modifié le", auto_now=True)

    objects = EmployerQuerySet.as_manager()

    class Meta:
        verbose_name = "employeur"
        ordering = ["name", "pk"]
        constraints = [
            *place_constraints("employer"),
            models.CheckConstraint(name="employer_siret_shape", condition=Q(siret="") | Q(siret__regex=SIRET_SHAPE)),
            models.CheckConstraint(name="employer_identified", condition=~Q(siret="") | ~Q(source_key="")),
            models.UniqueConstraint(fields=["siret"], condition=~Q(siret=""), name="employer_siret_once"),
            models.UniqueConstraint(fields=["source_key"], condition=Q(siret=""), name="employer_source_key_once"),
        ]

    def __str__(self):
        return self.name
