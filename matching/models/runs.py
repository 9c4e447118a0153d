"""A matching run freezes what it was asked and keeps what it answered."""

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q

from cells.scoping import ScopedQuerySet, Viewer
from employers.models import Offer
from matching.workflow import RunState
from youth.models import Wish, YoungPerson


class MatchRunQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.of_cell(viewer)

    def done(self) -> Self:
        return self.filter(state=RunState.DONE)


class MatchRun(models.Model):
    """`parameters` holds the engine's weights and limits; `fingerprint` is a hash of the input arrays."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cell = models.ForeignKey("cells.Cell", models.PROTECT, related_name="match_runs", verbose_name="cellule")
    state = models.CharField("état", max_length=10, choices=RunState.choices, default=RunState.PENDING)
    parameters = models.JSONField("paramètres", default=dict)
    engine_version = models.CharField("version du moteur", max_length=20, blank=True)
    fingerprint = models.CharField("empreinte des entrées", max_length=64, blank=True)
    people_count = models.PositiveIntegerField("jeunes", default=0)
    offer_count = models.PositiveIntegerField("offres", default=0)
    match_count = models.PositiveIntegerField("propositions", default=0)
    people_with_offer = models.PositiveIntegerField("jeunes avec au moins une offre", default=0)
    shards_total = models.PositiveSmallIntegerField("parts", default=0)
    shards_done = models.PositiveSmallIntegerField("parts faites", default=0)
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
            models.CheckConstraint(name="match_run_shards", condition=Q(shards_done__lte=F("shards_total"))),
        ]

    def __str__(self):
        return f"calcul du {self.created_at:%d/%m/%Y}"


class MatchQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.filter(young_person__in=YoungPerson.objects.visible_to(viewer))


class Match(models.Model):
    """One proposal: an offer allocated to a person by a run. `reasons` are compact codes, worded in templates."""

    run = models.ForeignKey(MatchRun, models.CASCADE, related_name="matches", verbose_name="calcul")
    young_person = models.ForeignKey(YoungPerson, models.CASCADE, related_name="matches", verbose_name="jeune")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="matches", verbose_name="offre")
    wish = models.ForeignKey(Wish, models.CASCADE, related_name="matches", verbose_name="vœu servi")
    rank = models.PositiveSmallIntegerField("rang")
    score = models.IntegerField("score")
    distance_m = models.IntegerField("distance (m)", null=True)  # null: remote offer, or no place known
    reasons = models.JSONField("raisons", default=dict)

    objects = MatchQuerySet.as_manager()

    class Meta:
        verbose_name = "proposition"
        ordering = ["run", "young_person", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["run", "young_person", "offer"], name="match_once"),
            models.UniqueConstraint(fields=["run", "young_person", "rank"], name="match_rank_once"),
            models.CheckConstraint(name="match_rank_from_one", condition=Q(rank__gte=1)),
        ]
