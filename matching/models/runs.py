"""A matching run freezes what it was asked and keeps what it answered."""

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cells.models import Cell
from cells.scoping import ScopedQuerySet, Viewer
from matching.workflow import ACTIVE_STATES, RunState


class MatchRunQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.of_cell(viewer)

    def active(self) -> Self:
        return self.filter(state__in=ACTIVE_STATES)

    def done(self) -> Self:
        return self.filter(state=RunState.DONE)

    def latest_done_of(self, cell: Cell | int) -> Self:
        """The cell's newest finished run, or nothing."""
        return self.done().filter(cell=cell).order_by("-finished_at", "-pk")[:1]


class MatchRun(models.Model):
    """`parameters` holds the engine's weights and limits; `fingerprint` is a hash of the input arrays.

    `bound` proves the allocation: {covered, coverable, score, upper, ratio}. `report` holds the figures of
    congestion, `timings` the seconds of each step.
    """

    class Origin(models.TextChoices):
        ASKED = "asked", "Demandé"
        NIGHTLY = "nightly", "Calcul de la nuit"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cell = models.ForeignKey("cells.Cell", models.PROTECT, related_name="match_runs", verbose_name="cellule")
    state = models.CharField("état", max_length=10, choices=RunState.choices, default=RunState.PENDING)
    origin = models.CharField("origine", max_length=10, choices=Origin.choices, default=Origin.ASKED)
    parameters = models.JSONField("paramètres", default=dict)
    engine_version = models.CharField("version du moteur", max_length=20, blank=True)
    fingerprint = models.CharField("empreinte des entrées", max_length=64, blank=True)
    people_count = models.PositiveIntegerField("jeunes", default=0)
    offer_count = models.PositiveIntegerField("offres", default=0)
    match_count = models.PositiveIntegerField("propositions", default=0)
    people_with_offer = models.PositiveIntegerField("jeunes avec au moins une offre", default=0)
    bound = models.JSONField("preuve d’optimalité", default=dict)
    report = models.JSONField("mesures de répartition", default=dict)
    timings = models.JSONField("durée des étapes (s)", default=dict)
    message = models.CharField("message", max_length=500, blank=True)
    started_by = models.ForeignKey("cells.User", models.SET_NULL, null=True, related_name="+", verbose_name="lancé par")
    created_at = models.DateTimeField("demandé à", auto_now_add=True)
    started_at = models.DateTimeField("commencé à", null=True)
    finished_at = models.DateTimeField("fini à", null=True)

    objects = MatchRunQuerySet.as_manager()

    class Meta:
        verbose_name = "calcul de rapprochement"
        verbose_name_plural = "calculs de rapprochement"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cell"],
                condition=Q(state__in=["pending", "running"]),
                name="match_run_one_active_per_cell",
            ),
        ]

    def __str__(self):
        return f"calcul du {timezone.localdate(self.created_at):%d/%m/%Y}"

    @property
    def shards_total(self) -> int:
        return self.progress.shards_total if hasattr(self, "progress") else 0

    @property
    def shards_done(self) -> int:
        return self.progress.shards_done if hasattr(self, "progress") else 0


class RunProgress(models.Model):
    """How far a run is, written beside its own transaction so that it is seen at once.

    Apart from MatchRun, whose row the run's transaction must find as it was when it began.
    """

    class Step(models.TextChoices):
        READING = "reading", "Lecture des dossiers et des offres"
        RANKING = "ranking", "Classement des offres de chaque jeune"
        ALLOCATING = "allocating", "Répartition des offres"
        WRITING = "writing", "Enregistrement et vérification"

    run = models.OneToOneField(MatchRun, models.CASCADE, related_name="progress", verbose_name="calcul")
    step = models.CharField("étape", max_length=12, choices=Step.choices, default=Step.READING)
    shards_total = models.PositiveSmallIntegerField("parts", default=0)
    shards_done = models.PositiveSmallIntegerField("parts faites", default=0)
    updated_at = models.DateTimeField("noté à", auto_now=True)

    class Meta:
        verbose_name = "avancement d’un calcul"
        verbose_name_plural = "avancements des calculs"
        constraints = [
            models.CheckConstraint(name="run_progress_shards", condition=Q(shards_done__lte=F("shards_total")))
        ]


class RunShard(models.Model):
    """A part of the people of a run, to be ranked by whichever worker takes it first, on any machine.

    `inputs` and `lists` are arrays (matching.services.shards); `fingerprint` is that of the run's whole inputs: a
    shard done before a crash serves again when it is the same.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "En attente"
        LEASED = "leased", "En cours"
        DONE = "done", "Faite"

    run = models.ForeignKey(
        MatchRun, models.CASCADE, related_name="shards", db_index=False, verbose_name="calcul"
    )  # run_shard_once starts with it
    number = models.PositiveSmallIntegerField("numéro")
    fingerprint = models.CharField("empreinte des entrées", max_length=64)
    state = models.CharField("état", max_length=8, choices=State.choices, default=State.WAITING)
    leased_until = models.DateTimeField("réservée jusqu’à", null=True)
    inputs = models.BinaryField("entrées")
    lists = models.BinaryField("listes", null=True)

    class Meta:
        verbose_name = "part d’un calcul"
        verbose_name_plural = "parts d’un calcul"
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="run_shard_once"),
            models.CheckConstraint(
                name="run_shard_done_has_lists", condition=~Q(state="done") | Q(lists__isnull=False)
            ),
        ]
