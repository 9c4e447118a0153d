"""An apprenticeship offer, with the fields of the national API."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cells.models.nomenclatures import Occupation
from cells.models.territory import PlacedQuerySet, place_constraints
from employers.models.employers import Employer

# French stems without accents: « electricien » finds « Électricienne ». Made by employers/migrations/0001_search.py.
SEARCH_CONFIG = "french_unaccent"


class OfferQuerySet(PlacedQuerySet):
    def public(self) -> Self:
        """What anyone may see: active, not expired, from employers who do not object."""
        return self.active().filter(employer__objects_to_contact=False)

    def active(self) -> Self:
        now = timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), status=Offer.Status.ACTIVE)

    def about(self, words: str) -> Self:
        """Full-text search in French, best first."""
        query = SearchQuery(words, config=SEARCH_CONFIG, search_type="websearch")
        return self.filter(search_vector=query).annotate(relevance=SearchRank(F("search_vector"), query))

    def for_occupations(self, codes: list[str]) -> Self:
        return self.filter(pk__in=OfferOccupation.objects.filter(occupation__in=codes).values("offer"))

    def for_level(self, level: int) -> Self:
        """Offers of that level, and those that name none."""
        return self.filter(Q(target_level=level) | Q(target_level=None))


class OfferManager(models.Manager):
    """Searches use the vector; nobody reads it."""

    def get_queryset(self) -> OfferQuerySet:
        return OfferQuerySet(self.model, using=self._db).defer("search_vector")


class Offer(models.Model):
    """(partner_label, partner_job_id) is the offer's name in its source. A null level, start or place is "not said"."""

    class Status(models.TextChoices):
        ACTIVE = "Active", "Active"
        FILLED = "Filled", "Pourvue"
        CANCELLED = "Cancelled", "Annulée"

    class ContractType(models.TextChoices):
        APPRENTICESHIP = "Apprentissage", "Apprentissage"
        PROFESSIONALISATION = "Professionnalisation", "Professionnalisation"

    class Remote(models.TextChoices):
        ONSITE = "onsite", "Sur site"
        REMOTE = "remote", "À distance"
        HYBRID = "hybrid", "Hybride"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    employer = models.ForeignKey(Employer, models.PROTECT, related_name="offers", verbose_name="employeur")
    partner_label = models.CharField("source", max_length=100)
    partner_job_id = models.CharField("identifiant dans la source", max_length=200)
    status = models.CharField("état", max_length=10, choices=Status.choices, default=Status.ACTIVE)
    title = models.CharField("intitulé", max_length=300)
    description = models.TextField("description", blank=True)
    desired_skills = ArrayField(models.TextField(), default=list, verbose_name="compétences attendues")
    to_be_acquired_skills = ArrayField(models.TextField(), default=list, verbose_name="compétences à acquérir")
    access_conditions = ArrayField(models.TextField(), default=list, verbose_name="conditions d’accès")
    occupations: models.ManyToManyField = models.ManyToManyField(
        Occupation, through="OfferOccupation", related_name="offers", verbose_name="métiers"
    )
    target_level = models.ForeignKey(
        "cells.DiplomaLevel",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="niveau visé",
    )
    contract_types = ArrayField(models.CharField(max_length=20, choices=ContractType.choices), verbose_name="contrats")
    starts_on = models.DateField("début", null=True, blank=True)
    duration_months = models.PositiveSmallIntegerField("durée (mois)", null=True, blank=True)
    remote = models.CharField("télétravail", max_length=10, choices=Remote.choices, blank=True)
    positions = models.PositiveSmallIntegerField("postes ouverts", default=1)
    accepts_minors = models.BooleanField("ouverte aux mineurs", default=True)
    is_delegated = models.BooleanField("déléguée à un CFA", default=False)
    apply_url = models.URLField("adresse de candidature", max_length=1000, blank=True)
    apply_email = models.EmailField("mail de candidature", blank=True)
    apply_phone = models.CharField("téléphone", max_length=20, blank=True)
    recipient_id = models.CharField("destinataire national", max_length=100, blank=True)
    address = models.CharField("lieu de travail", max_length=300, blank=True)
    commune = models.ForeignKey(
        "cells.Commune", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="commune"
    )
    latitude = models.FloatField("latitude", null=True, blank=True)
    longitude = models.FloatField("longitude", null=True, blank=True)
    published_at = models.DateTimeField("publiée le")
    expires_at = models.DateTimeField("expire le", null=True, blank=True)
    batch = models.ForeignKey(
        "cells.ImportBatch",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="offers",
        verbose_name="vue dans l’import",
    )
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    updated_at = models.DateTimeField("modifiée le", auto_now=True)
    search_vector = models.GeneratedField(
        expression=SearchVector("title", weight="A", config=SEARCH_CONFIG)
        + SearchVector("description", weight="C", config=SEARCH_CONFIG),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = OfferManager.from_queryset(OfferQuerySet)()

    class Meta:
        verbose_name = "offre"
        ordering = ["-published_at", "-pk"]
        constraints = [
            *place_constraints("offer"),
            models.UniqueConstraint(fields=["partner_label", "partner_job_id"], name="offer_source_once"),
            models.CheckConstraint(
                name="offer_expires_after_publication",
                condition=Q(expires_at=None) | Q(expires_at__gte=F("published_at")),
            ),
            models.CheckConstraint(
                name="offer_start_plausible",
                condition=Q(starts_on=None) | Q(starts_on__range=("2015-01-01", "2100-01-01")),
            ),
            models.CheckConstraint(
                name="offer_duration", condition=Q(duration_months=None) | Q(duration_months__lte=60)
            ),
        ]
        indexes = [
            models.Index(fields=["latitude", "longitude"], name="offer_place"),
            models.Index(fields=["-published_at", "-id"], condition=Q(status="Active"), name="offer_newest_active"),
            GinIndex(fields=["search_vector"], name="offer_search"),
        ]

    def __str__(self):
        return self.title


class OfferOccupation(models.Model):
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="+", verbose_name="offre")
    occupation = models.ForeignKey(Occupation, models.PROTECT, related_name="+", verbose_name="métier")

    class Meta:
        verbose_name = "métier d’une offre"
        verbose_name_plural = "métiers d’une offre"
        constraints = [models.UniqueConstraint(fields=["offer", "occupation"], name="offer_occupation_once")]
