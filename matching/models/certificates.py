"""The certificate of a run: what a second program, which knows nothing of the engine, found in the run's rows."""

from typing import Self

from django.db import models

from cells.scoping import ScopedQuerySet, Viewer
from matching.models.runs import MatchRun


class RunCertificateQuerySet(ScopedQuerySet):
    def visible_to(self, viewer: Viewer) -> Self:
        return self.of_cell(viewer, "run__cell_id")


class RunCertificate(models.Model):
    """Signed: a field that is edited, or a row of the run, no longer matches (matching.services.certification).

    `digest` is a hash of all rows the run left; `traces` say what each person and offer looked like when read, so that
    a later verification tells what has changed since from what was falsified.
    """

    class Verdict(models.TextChoices):
        OK = "ok", "Conforme"
        REFUSED = "refused", "Refusé"

    run = models.OneToOneField(MatchRun, models.CASCADE, related_name="certificate", verbose_name="calcul")
    verdict = models.CharField("verdict", max_length=8, choices=Verdict.choices)
    checks = models.JSONField("vérifications", default=list)
    facts = models.JSONField("mesures", default=dict)
    verifier_version = models.PositiveSmallIntegerField("version de la vérification")
    digest = models.CharField("empreinte des lignes", max_length=64)
    people_traces = models.BinaryField("traces des jeunes", default=bytes)
    offer_traces = models.BinaryField("traces des offres", default=bytes)
    signature = models.CharField("signature", max_length=64)
    verified_at = models.DateTimeField("vérifié à")
    duration_ms = models.PositiveIntegerField("durée (ms)")

    objects = RunCertificateQuerySet.as_manager()

    class Meta:
        verbose_name = "certificat de rapprochement"
        verbose_name_plural = "certificats de rapprochement"

    def __str__(self) -> str:
        return f"certificat du {self.run}"
