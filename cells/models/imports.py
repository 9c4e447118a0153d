"""The record of a file that came in: what was kept, what was refused and why."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from cells.scoping import ScopedQuerySet, Viewer


class ImportBatchQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.of_cell(viewer)


class ImportBatch(models.Model):
    """One reading of one file for one cell. Counters are kept up to date while it runs."""

    class Kind(models.TextChoices):
        AFFELNET = "affelnet", "Vœux Affelnet"
        PARCOURSUP = "parcoursup", "Vœux Parcoursup"
        OFFERS_JSON = "offers_json", "Offres (export national)"
        OFFERS_CSV = "offers_csv", "Offres (CSV)"

    class State(models.TextChoices):
        WAITING = "waiting", "En attente"
        RUNNING = "running", "En cours"
        DONE = "done", "Terminé"
        REFUSED = "refused", "Fichier refusé"
        INTERRUPTED = "interrupted", "Interrompu"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cell = models.ForeignKey(
        "cells.Cell", models.PROTECT, null=True, related_name="import_batches", verbose_name="cellule"
    )
    kind = models.CharField("nature", max_length=20, choices=Kind.choices)
    file_name = models.CharField("fichier", max_length=200)
    sha256 = models.CharField("empreinte", max_length=64, blank=True)
    size = models.BigIntegerField("taille en octets", default=0)
    state = models.CharField("état", max_length=12, choices=State.choices, default=State.RUNNING)
    message = models.CharField("message", max_length=500, blank=True)
    # What was asked for a deposited file (preset, school_year, complete): enough to read it, or read it again.
    request = models.JSONField("demande", default=dict, blank=True)
    rows_read = models.PositiveIntegerField("lignes lues", default=0)
    created_count = models.PositiveIntegerField("créées", default=0)
    updated_count = models.PositiveIntegerField("modifiées", default=0)
    unchanged_count = models.PositiveIntegerField("inchangées", default=0)
    closed_count = models.PositiveIntegerField("disparues du fichier, closes", default=0)
    refused_count = models.PositiveIntegerField("refusées", default=0)
    started_by = models.ForeignKey("cells.User", models.SET_NULL, null=True, related_name="+", verbose_name="lancé par")
    started_at = models.DateTimeField("commencé à", auto_now_add=True)
    finished_at = models.DateTimeField("fini à", null=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "import"
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="import_batch_finished_iff_not_running",
                condition=Q(state__in=["waiting", "running"], finished_at__isnull=True)
                | (~Q(state__in=["waiting", "running"]) & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} du {timezone.localdate(self.started_at):%d/%m/%Y}"

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def holds_wishes(self) -> bool:
        """Else offers."""
        return self.kind in (self.Kind.AFFELNET, self.Kind.PARCOURSUP)


class RefusedRow(models.Model):
    """Why a row was not kept. `value` is cut short; forbidden columns never reach it."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="refused_rows", verbose_name="import")
    line = models.PositiveIntegerField("ligne")
    column = models.CharField("colonne", max_length=100, blank=True)
    value = models.CharField("valeur", max_length=120, blank=True)
    reason = models.CharField("raison", max_length=300)

    class Meta:
        verbose_name = "ligne refusée"
        verbose_name_plural = "lignes refusées"
        ordering = ["line", "pk"]
        indexes = [models.Index(fields=["batch", "line"], name="refused_row_order")]
