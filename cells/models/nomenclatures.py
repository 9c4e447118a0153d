"""Nomenclatures as dated data: each row knows the producer's version it came from."""

from django.db import models
from django.db.models import Q


class ReferenceDataset(models.Model):
    """One loaded version of a producer's file; the newest of a kind is the one in force."""

    class Kind(models.TextChoices):
        TERRITORY = "territory", "Territoire (COG)"
        ROME = "rome", "Métiers (ROME)"
        NAF = "naf", "Activités (NAF)"
        DIPLOMA_LEVELS = "diploma_levels", "Niveaux de diplôme"
        TRAININGS = "trainings", "Formations"

    kind = models.CharField("nature", max_length=20, choices=Kind.choices)
    version = models.CharField("version", max_length=40)
    source = models.CharField("source", max_length=200)
    licence = models.CharField("licence", max_length=80)
    released_on = models.DateField("publiée le", null=True)
    sha256 = models.CharField("empreinte", max_length=64)
    rows = models.PositiveIntegerField("lignes")
    loaded_at = models.DateTimeField("chargée le", auto_now_add=True)

    class Meta:
        verbose_name = "jeu de référence"
        verbose_name_plural = "jeux de référence"
        get_latest_by = "loaded_at"
        constraints = [models.UniqueConstraint(fields=["kind", "sha256"], name="reference_dataset_once")]

    def __str__(self):
        return f"{self.get_kind_display()} {self.version}"


class Occupation(models.Model):
    """A ROME code. Codes that a later version drops stay, marked obsolete, so that old wishes keep their meaning."""

    code = models.CharField("code ROME", max_length=5, primary_key=True)
    label = models.CharField("libellé", max_length=200)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="children", verbose_name="code de rattachement"
    )
    is_obsolete = models.BooleanField("obsolète", default=False)

    class Meta:
        verbose_name = "métier"
        ordering = ["label"]
        constraints = [
            models.CheckConstraint(name="occupation_code_shape", condition=Q(code__regex=r"^[A-N][0-9]{4}$"))
        ]

    def __str__(self):
        return f"{self.label} ({self.code})"


class DiplomaLevel(models.Model):
    """European qualification levels 3 (CAP) to 8 (doctorat)."""

    level = models.PositiveSmallIntegerField("niveau", primary_key=True)
    label = models.CharField("libellé", max_length=100)
    former_label = models.CharField("ancienne nomenclature", max_length=20, blank=True)

    class Meta:
        verbose_name = "niveau de diplôme"
        verbose_name_plural = "niveaux de diplôme"
        ordering = ["level"]
        constraints = [
            models.CheckConstraint(name="diploma_level_known", condition=Q(level__range=(3, 8))),
        ]

    def __str__(self):
        return self.label


class Activity(models.Model):
    """A NAF sub-class. NAF 2025 replaces rév. 2 on 2027-01-01: both live side by side."""

    version = models.CharField("version", max_length=10, default="rev2")
    code = models.CharField("code NAF", max_length=5)
    label = models.CharField("libellé", max_length=200)

    class Meta:
        verbose_name = "activité (NAF)"
        verbose_name_plural = "activités (NAF)"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="activity_once"),
            models.CheckConstraint(name="activity_code_shape", condition=Q(code__regex=r"^[0-9]{4}[A-Z]$")),
        ]

    def __str__(self):
        return f"{self.code} {self.label}"
