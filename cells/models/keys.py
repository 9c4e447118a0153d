"""API keys: one key is one organisation in one cell, so that it yields an ordinary Viewer."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cells.models.organisations import Cell, Organisation


class ApiKeyQuerySet(models.QuerySet):
    def usable(self) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=timezone.now(), cell__is_active=True)


class ApiKey(models.Model):
    """Only a SHA-256 of the secret is kept: the secret has 256 random bits, so a slow hash would add nothing."""

    class Scope(models.TextChoices):
        YOUNG_PEOPLE_READ = "young-people:read", "Lire les jeunes"
        OFFERS_WRITE = "offers:write", "Déposer des offres"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cell = models.ForeignKey(Cell, models.PROTECT, related_name="api_keys", verbose_name="cellule")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="api_keys", verbose_name="structure")
    label = models.CharField("usage", max_length=100)
    prefix = models.CharField("préfixe", max_length=12, unique=True)
    secret_hash = models.CharField("empreinte", max_length=64)
    scopes = ArrayField(models.CharField(max_length=30, choices=Scope.choices), verbose_name="droits")
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    expires_at = models.DateTimeField("expire le")
    revoked_at = models.DateTimeField("révoquée le", null=True, blank=True)
    last_used_at = models.DateTimeField("dernier usage", null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "clé d’API"
        verbose_name_plural = "clés d’API"
        constraints = [
            models.CheckConstraint(
                name="api_key_expires_after_creation", condition=Q(expires_at__gt=models.F("created_at"))
            ),
        ]

    def __str__(self):
        return f"{self.prefix}… ({self.label})"
