"""The certificate of a run, for people to read, print and check."""

import math
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from cells.views.access import counsellor_screen
from matching.certificate.checks import WORDS
from matching.models import MatchRun, RunCertificate
from matching.services.certification import Standing, is_signed, standing_of

MOST_ROWS_READ = 1_000_000  # beyond, the page checks the signature and leaves the rows to the command


@counsellor_screen
def run_certificate(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run = get_object_or_404(MatchRun.objects.visible_to(request.viewer), uuid=uuid)
    certificate = RunCertificate.objects.visible_to(request.viewer).filter(run=run).select_related("run").first()
    context: dict[str, Any] = {"run": run, "certificate": certificate}
    if certificate is not None:
        context |= {
            "standing": standing_here(certificate),
            "checks": [(WORDS[check["name"]][0], check["faults"] == 0) for check in certificate.checks],
            "gap": gap(certificate.facts),
        }
    return render(request, "matching/run_certificate.html", context)


def standing_here(certificate: RunCertificate) -> str:
    """A standing, or "signed" when there are too many rows to read them while somebody waits."""
    if certificate.run.match_count > MOST_ROWS_READ:
        return "signed" if is_signed(certificate) else Standing.FORGED
    return standing_of(certificate)


def gap(facts: dict[str, int]) -> str:
    """How far below the optimum the run may be, in percent, rounded up: what is said is proved. "0" at the optimum."""
    score, upper = facts.get("score", 0), facts.get("upper", 0)
    if score >= upper:
        return "0"
    return f"{math.ceil(10_000 * (upper - score) / upper) / 100:.2f}".replace(".", ",")
