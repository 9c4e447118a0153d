"""What a run answers: its proposals, and what became of everybody and every offer that took part.

Hundreds of thousands of rows are written with each run and forgotten with it. So matches have one index beside their
key (one by offer more than doubled the time of the write), and the database checks no relation row by row: the run
holds all that it names at once before it commits (matching.services.results), and Django deletes rows with what they
point to.
"""

from typing import Self

from django.db import models
from django.db.models import Q

from cells.models import Cell
from cells.scoping import ScopedQuerySet, Viewer
from employers.models import Offer
from matching.models.reasons import ReasonsField
from matching.models.runs import MatchRun
from youth.models import Wish, YoungPerson

# Relations that matching.wording reads, for matches and for the offers frozen in a campaign.
WORDED = ("wish", "offer__employer", "offer__target_level")


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
    """One proposal: an offer allocated to a person by a run. `reasons`: see ReasonsField, worded in templates."""

    run = models.ForeignKey(
        MatchRun, models.CASCADE, related_name="matches", db_index=False, db_constraint=False, verbose_name="calcul"
    )
    young_person = models.ForeignKey(
        YoungPerson,
        models.CASCADE,
        related_name="matches",
        db_index=False,
        db_constraint=False,
        verbose_name="jeune",
    )
    offer = models.ForeignKey(
        Offer, models.CASCADE, related_name="matches", db_index=False, db_constraint=False, verbose_name="offre"
    )
    wish = models.ForeignKey(
        Wish, models.CASCADE, related_name="matches", db_index=False, db_constraint=False, verbose_name="vœu servi"
    )
    rank = models.PositiveSmallIntegerField("rang")
    score = models.IntegerField("score")
    distance_m = models.IntegerField("distance (m)", null=True)  # null: remote offer, or no place known
    reasons = ReasonsField("raisons", default=dict)

    objects = MatchQuerySet.as_manager()

    class Meta:
        verbose_name = "proposition"
        ordering = ["run", "young_person", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["run", "young_person", "rank"], name="match_rank_once"),
            models.CheckConstraint(name="match_rank_from_one", condition=Q(rank__gte=1)),
        ]


class RunOfferQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.of_cell(viewer, "run__cell_id")


class RunOffer(models.Model):
    """An offer that took part. `price`: what one more showing is worth, in thousandths of a score point."""

    run = models.ForeignKey(
        MatchRun, models.CASCADE, related_name="offers", db_index=False, db_constraint=False, verbose_name="calcul"
    )
    offer = models.ForeignKey(
        Offer, models.CASCADE, related_name="+", db_index=False, db_constraint=False, verbose_name="offre"
    )
    budget = models.IntegerField("plafond")
    exposure = models.IntegerField("jeunes à qui elle est proposée")
    price = models.BigIntegerField("prix d’ombre", default=0)
    obstacle = models.PositiveSmallIntegerField("ce qui manque", db_default=0)  # matching.engine.obstacles

    objects = RunOfferQuerySet.as_manager()

    class Meta:
        verbose_name = "offre d’un calcul"
        verbose_name_plural = "offres d’un calcul"
        constraints = [models.UniqueConstraint(fields=["run", "offer"], name="run_offer_once")]


class RunPersonQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.filter(young_person__in=YoungPerson.objects.visible_to(viewer))

    def crowded_out(self) -> Self:
        return self.filter(status=RunPerson.Status.CROWDED_OUT)


class RunPerson(models.Model):
    """A person who took part, and what became of them: Status of matching/engine/codes.py, and one more."""

    class Status(models.IntegerChoices):
        RANKED = 0, "A des propositions"
        NO_WISHES = 1, "Sans vœu"
        NO_TRADES = 2, "Vœux sans métier reconnu"
        NO_PLACE = 3, "Sans lieu connu"
        NO_OFFER = 4, "Aucune offre ne convient"
        CROWDED_OUT = 5, "Offres possibles toutes prises"

    run = models.ForeignKey(
        MatchRun, models.CASCADE, related_name="people", db_index=False, db_constraint=False, verbose_name="calcul"
    )
    young_person = models.ForeignKey(
        YoungPerson, models.CASCADE, related_name="+", db_index=False, db_constraint=False, verbose_name="jeune"
    )
    status = models.PositiveSmallIntegerField("situation dans le calcul", choices=Status.choices)
    obstacle = models.PositiveSmallIntegerField("ce qui manque", db_default=0)  # matching.engine.obstacles

    objects = RunPersonQuerySet.as_manager()

    class Meta:
        verbose_name = "jeune d’un calcul"
        verbose_name_plural = "jeunes d’un calcul"
        constraints = [models.UniqueConstraint(fields=["run", "young_person"], name="run_person_once")]
