"""What a young person asked for: one row per wish, from a file or typed in."""

import uuid
from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q

from cells.models.territory import place_constraints
from cells.scoping import ScopedQuerySet, Viewer
from youth.models.people import YoungPerson

LAST_MONTH = 7


def school_year_in_course(today: date) -> int:
    """The year of the September it began in, or, in August, of the September to come."""
    return today.year if today.month > LAST_MONTH else today.year - 1


class WishQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.filter(young_person__in=YoungPerson.objects.visible_to(viewer))

    def open(self) -> Self:
        return self.filter(closed_at=None)

    def current(self, today: date) -> Self:
        """Open, and for this school year or a later one: a wish for the September of year Y counts until 31 July Y+1,
        whether it was read or typed.
        """
        return self.open().filter(school_year__gte=school_year_in_course(today))

    def unresolved(self) -> Self:
        """Wishes no occupation is known for: a human must say what the training is."""
        return self.open().filter(training=None, occupation=None)


class Wish(models.Model):
    """`external_key` is the wish's name in its source, so that a re-read file updates instead of doubling.

    The occupations of a wish are those of its training, or the one `occupation` a counsellor typed.
    """

    class Source(models.TextChoices):
        AFFELNET = "affelnet", "Affelnet"
        PARCOURSUP = "parcoursup", "Parcoursup"
        TYPED = "typed", "Saisie"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    young_person = models.ForeignKey(YoungPerson, models.CASCADE, related_name="wishes", verbose_name="jeune")
    source = models.CharField("origine", max_length=12, choices=Source.choices)
    school_year = models.PositiveSmallIntegerField("rentrée")
    external_key = models.CharField("clé dans la source", max_length=120)
    rank = models.PositiveSmallIntegerField("rang")
    label = models.CharField("intitulé", max_length=300)
    training = models.ForeignKey(
        "cells.Training",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="wishes",
        verbose_name="formation",
    )
    occupation = models.ForeignKey(
        "cells.Occupation", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="métier"
    )
    level = models.ForeignKey(
        "cells.DiplomaLevel", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="niveau"
    )
    keys = models.JSONField("clés lues", default=dict)  # cle_me, mef, cfd, rncp, offer_code, uai as read
    site_name = models.CharField("établissement d’accueil", max_length=200, blank=True)
    site_city = models.CharField("ville d’accueil", max_length=100, blank=True)
    site_latitude = models.FloatField("latitude du site", null=True, blank=True)
    site_longitude = models.FloatField("longitude du site", null=True, blank=True)
    batch = models.ForeignKey(
        "cells.ImportBatch",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="wishes",
        verbose_name="vu dans l’import",
    )
    closed_at = models.DateTimeField("clos le", null=True, blank=True)
    closed_reason = models.CharField("raison de clôture", max_length=120, blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    updated_at = models.DateTimeField("modifié le", auto_now=True)

    objects = WishQuerySet.as_manager()

    class Meta:
        verbose_name = "vœu"
        verbose_name_plural = "vœux"
        ordering = ["young_person", "source", "rank", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["young_person", "source", "school_year", "external_key"], name="wish_once"),
            models.CheckConstraint(name="wish_rank_from_one", condition=Q(rank__gte=1)),
            models.CheckConstraint(name="wish_school_year_plausible", condition=Q(school_year__range=(2015, 2100))),
            models.CheckConstraint(
                name="wish_closed_with_reason",
                condition=Q(closed_at__isnull=True, closed_reason="")
                | (Q(closed_at__isnull=False) & ~Q(closed_reason="")),
            ),
            *place_constraints("wish_site", "site_"),
        ]
        indexes = [
            models.Index(fields=["training"], condition=Q(closed_at=None), name="wish_open_by_training"),
        ]

    def __str__(self) -> str:
        return f"vœu {self.uuid}"
