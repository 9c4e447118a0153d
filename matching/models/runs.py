"""A matching run freezes what it was asked and keeps what it answered."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cells.models import Cell
from cells.scoping import ScopedQuerySet, Viewer
from employers.models import Offer
from matching.workflow import ACTIVE_STATES, RunState
from youth.models import Wish, YoungPerson

# Relations that matching.wording reads, for matches and for the offers frozen in a campaign.
WORDED = ("wish", "offer__employer", "offer__target_level")


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
    crowded_out = ArrayField(
        models.BigIntegerField(), default=list, verbose_name="jeunes dont les offres possibles sont toutes prises"
    )
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
        return f"calcul du {timezone.localdate(self.created_at):%d/%m/%Y}"


class MatchQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.filter(young_person__in=YoungPerson.objects.visible_to(viewer))

    def of_latest_run(self, cell: Cell | int) -> Self:
        """What the cell's newest finished run proposes, best first for each person."""
        newest = MatchRun.objects.latest_done_of(cell).values("pk")
        return self.filter(run=models.Subquery(newest)).order_by("young_person", "rank")

    def latest_for(self, young_person: YoungPerson) -> Self:
        return self.of_latest_run(young_person.cell_id).filter(young_person=young_person)

    def still_open(self) -> Self:
        """Without the offers that were filled, withdrawn or have expired since the run."""
        return self.filter(offer__in=Offer.objects.public())

    def worded(self) -> Self:
        """With what the wording of the reasons reads."""
        return self.select_related(*WORDED)


class Match(models.Model):
    """One proposal: an offer allocated to a person by a run. `reasons` are compact codes, worded in templates."""

    run = models.ForeignKey(
        MatchRun, models.CASCADE, related_name="matches", db_index=False, verbose_name="calcul"
    )  # match_once starts with it
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
