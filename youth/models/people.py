"""The young person: identity, contacts, place. Identity is the INE, else name + birth date; never an e-mail address."""

import uuid
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cells.models.territory import PlacedQuerySet, place_constraints
from cells.scoping import ScopedQuerySet, Viewer
from cells.text import normalise

ADULT_AGE = 18


class YoungPersonQuerySet(ScopedQuerySet, PlacedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        """A counsellor sees the cell's people, in their own departments when they have any.

        A partner's key needs the scope to read people, and sees those living in its departments.
        """
        if viewer.cell_id is None:
            return self.none()
        if not viewer.is_counsellor and "young-people:read" not in viewer.scopes:
            return self.none()
        own_cell = self.filter(cell_id=viewer.cell_id)
        if viewer.departments:
            return own_cell.filter(commune__department__in=viewer.departments)
        return own_cell

    def seeking(self) -> Self:
        """Those whom matching and campaigns are for."""
        return self.filter(situation=YoungPerson.Situation.SEEKING)

    def search(self, words: str) -> Self:
        """Every word must be found in the name, the INE or a phone number (accents and case ignored)."""
        asked = normalise(words).split()
        found = self if asked or not words.strip() else self.none()
        for word in asked:
            found = found.filter(
                Q(search_name__contains=word) | Q(ine__iexact=word) | Q(phone__contains=word.lstrip("0") or word)
            )
        return found


class YoungPerson(models.Model):
    class Situation(models.TextChoices):
        SEEKING = "seeking", "En recherche"
        IN_CONTRACT = "in_contract", "En contrat"
        NOT_SEEKING = "not_seeking", "Ne cherche plus"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cell = models.ForeignKey("cells.Cell", models.PROTECT, related_name="young_people", verbose_name="cellule")
    ine = models.CharField("INE", max_length=11, blank=True)
    last_name = models.CharField("nom", max_length=100)
    first_name = models.CharField("prénom", max_length=100)
    other_first_names = models.CharField("autres prénoms", max_length=200, blank=True)
    search_name = models.CharField("nom normalisé", max_length=300, editable=False)
    birth_date = models.DateField("date de naissance", null=True, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    address = models.CharField("adresse", max_length=300, blank=True)
    postcode = models.CharField("code postal", max_length=10, blank=True)
    city = models.CharField("ville", max_length=100, blank=True)
    commune = models.ForeignKey(
        "cells.Commune", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="commune"
    )
    latitude = models.FloatField("latitude", null=True, blank=True)
    longitude = models.FloatField("longitude", null=True, blank=True)
    radius_km = models.PositiveSmallIntegerField("rayon de recherche (km)", default=30)
    origin_school = models.CharField("établissement d’origine", max_length=200, blank=True)
    origin_school_uai = models.CharField("UAI d’origine", max_length=8, blank=True)
    origin_training = models.CharField("formation d’origine", max_length=200, blank=True)
    situation = models.CharField("situation", max_length=12, choices=Situation.choices, default=Situation.SEEKING)
    referent = models.ForeignKey(
        "cells.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="référent"
    )
    identity_doubt = models.CharField("doute sur l’identité", max_length=200, blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    updated_at = models.DateTimeField("modifié le", auto_now=True)

    objects = YoungPersonQuerySet.as_manager()

    class Meta:
        verbose_name = "jeune"
        ordering = ["search_name", "pk"]
        constraints = [
            *place_constraints("young_person"),
            models.UniqueConstraint(fields=["ine"], condition=~Q(ine=""), name="young_person_ine_once"),
            models.CheckConstraint(
                name="young_person_ine_shape", condition=Q(ine="") | Q(ine__regex=r"^[0-9A-Z]{10,11}$")
            ),
            models.CheckConstraint(
                name="young_person_birth_date_plausible",
                condition=Q(birth_date=None) | Q(birth_date__range=("1900-01-01", "2100-01-01")),
            ),
            models.CheckConstraint(name="young_person_radius", condition=Q(radius_km__range=(1, 500))),
        ]
        indexes = [
            models.Index(fields=["cell", "search_name", "id"], name="young_person_list"),
            models.Index(fields=["cell", "situation"], name="young_person_situation"),
            GinIndex(fields=["search_name"], opclasses=["gin_trgm_ops"], name="young_person_name_trigrams"),
            models.Index(fields=["latitude", "longitude"], name="young_person_place"),
        ]

    def __str__(self):
        return f"jeune {self.uuid}"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def given_name(self) -> str:
        """The first name as a letter greets it: wish files shout (« JEAN-BAPTISTE »)."""
        return self.first_name.title() if self.first_name.isupper() else self.first_name

    def age_on(self, day) -> int | None:
        if self.birth_date is None:
            return None
        before_birthday = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - before_birthday

    @property
    def age(self) -> int | None:
        return self.age_on(timezone.localdate())


class Guardian(models.Model):
    """A legal guardian. Two siblings' files hold the same guardian twice: addresses never merge people."""

    young_person = models.ForeignKey(YoungPerson, models.CASCADE, related_name="guardians", verbose_name="jeune")
    rank = models.PositiveSmallIntegerField("rang")
    name = models.CharField("nom", max_length=200, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)

    class Meta:
        verbose_name = "responsable légal"
        verbose_name_plural = "responsables légaux"
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["young_person", "rank"], name="guardian_rank_once"),
            models.CheckConstraint(name="guardian_rank_one_or_two", condition=Q(rank__in=[1, 2])),
            models.CheckConstraint(name="guardian_reachable", condition=~Q(email="") | ~Q(phone="")),
        ]
