"""Certifying a run when it is made, and verifying it again at any later moment."""

import json
import time
from enum import StrEnum
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from matching.certificate.traces import Traces
from matching.certificate.verification import VERIFIER_VERSION, Before, Outcome, Subject, digest_of, verify
from matching.models import MatchRun, RunCertificate

SALT = "matching.certificate"
COUNTS = ("people_count", "offer_count", "match_count", "people_with_offer")
REFUSED = (
    "La vérification a refusé ce calcul : {complaints}. Aucune proposition n’a été enregistrée. "
    "Relancez-le ; s’il échoue encore, prévenez l’équipe technique."
)
SAID = 3  # complaints in the sentence


class CertificateRefusedError(Exception):
    """`str(error)` is a French sentence; `certificate` is not saved, and names what is wrong."""

    def __init__(self, certificate: RunCertificate, outcome: Outcome) -> None:
        self.certificate = certificate
        super().__init__(REFUSED.format(complaints=", ".join(outcome.complaints[:SAID])))


class Standing(StrEnum):
    """What a certificate is worth now."""

    STANDS = "stands"
    FORGED = "forged"  # the certificate was edited, or signed with another key
    OUTDATED = "outdated"  # rows of the run are no longer those that were verified


@transaction.atomic
def certify_run(run: MatchRun) -> RunCertificate:
    """Call it in the transaction that read the run's inputs and wrote its rows, so that both read the same database.

    Raises CertificateRefusedError, and keeps nothing, when any check fails.
    """
    start, now = time.perf_counter(), timezone.now()
    outcome = verify(subject_of(run), run.started_at or now, now)
    certificate = RunCertificate(
        run=run,
        verdict=RunCertificate.Verdict.OK if outcome.holds else RunCertificate.Verdict.REFUSED,
        checks=[check.to_json() for check in outcome.checks],
        facts=outcome.facts,
        verifier_version=VERIFIER_VERSION,
        digest=outcome.digest,
        people_traces=outcome.traces.people.to_bytes() if outcome.traces else b"",
        offer_traces=outcome.traces.offers.to_bytes() if outcome.traces else b"",
        verified_at=now,
        duration_ms=round(1000 * (time.perf_counter() - start)),
    )
    certificate.signature = sign(certificate, settings.SECRET_KEY)
    if not outcome.holds:
        raise CertificateRefusedError(certificate, outcome)
    certificate.save()
    return certificate


def verify_run(run: MatchRun) -> Outcome:
    """Everything again from today's rows; writes nothing. What changed since the run is counted apart."""
    certificate = RunCertificate.objects.filter(run=run).first()
    now = timezone.now()
    if certificate is None:
        return verify(subject_of(run), run.started_at or now, run.finished_at or now)
    before = Before(*map(Traces.from_bytes, (bytes(certificate.people_traces), bytes(certificate.offer_traces))))
    return verify(subject_of(run), run.started_at or certificate.verified_at, certificate.verified_at, before)


def subject_of(run: MatchRun) -> Subject:
    """The run as the database has it, whatever the caller changed in memory."""
    said = MatchRun.objects.values("pk", "cell_id", "parameters", "bound", *COUNTS).get(pk=run.pk)
    counts = {name: said[name] for name in COUNTS}
    return Subject(said["pk"], said["cell_id"], said["parameters"], said["bound"], counts)


def standing_of(certificate: RunCertificate) -> Standing:
    """Reads every row the run left: some tenths of a second for 25,000 people."""
    if not is_signed(certificate):
        return Standing.FORGED
    same = certificate.digest == digest_of(subject_of(certificate.run))
    return Standing.STANDS if same else Standing.OUTDATED


def is_signed(certificate: RunCertificate) -> bool:
    """By this installation's key, or by one it has retired."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(certificate.signature, sign(certificate, key)) for key in keys)


def sign(certificate: RunCertificate, key: str) -> str:
    """HMAC of everything the certificate says, by a key derived from the installation's secret."""
    text = json.dumps(_said(certificate), sort_keys=True, ensure_ascii=False)
    return salted_hmac(SALT, text, secret=key, algorithm="sha256").hexdigest()


def _said(certificate: RunCertificate) -> dict[str, Any]:
    traces = bytes(certificate.people_traces) + bytes(certificate.offer_traces)
    return {
        "run": str(certificate.run.uuid),
        "verdict": str(certificate.verdict),
        "checks": certificate.checks,
        "facts": certificate.facts,
        "verifier_version": certificate.verifier_version,
        "digest": certificate.digest,
        "traces": sha256(traces).hexdigest(),
        "verified_at": certificate.verified_at.isoformat(),
        "duration_ms": certificate.duration_ms,
    }
