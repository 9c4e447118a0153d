"""The main job, end to end: files in, matching run, campaign out. Every step does nothing when it is already done."""

import io
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from cells.models import Cell, ImportBatch, OutgoingMail, Role
from cells.scoping import Viewer, viewer_for_membership
from config.demo.accounts import ACCOUNTS, REGION_CODES, cell_of, create_accounts, mission_locale_of
from config.demo.catalogue import plan_region
from config.demo.files import SEED, RegionFiles, write_region_files
from employers.imports.load import import_offers
from employers.models import Employer, Offer
from employers.services.contracts import break_contract, record_contract
from matching.models import Campaign, Match, MatchRun
from matching.services.campaigns import create_campaign, launch_campaign
from matching.services.runs import request_run
from matching.workflow import CampaignState, RunState
from youth.imports.load import import_wishes
from youth.models import Wish, YoungPerson

Report = Callable[[str], None]

CONTRACTS_PER_REGION = 30
PATIENCE_SECONDS = 600
POLL_SECONDS = 0.3
PROGRESS_SECONDS = 5


def prepare_data(report: Report) -> dict[str, Any]:
    """Accounts, cells and both regions' files through the real importers."""
    for number, code in enumerate(REGION_CODES, start=1):
        cell = cell_of(code)
        if not finished_imports(cell):
            import_region(cell, number, report)
    if not Cell.objects.filter(memberships__user__email=ACCOUNTS[0].email).exists():
        create_accounts()
    for code in REGION_CODES:
        mission_locale_of(cell_of(code))
        record_contracts(cell_of(code))
    return {
        "people": YoungPerson.objects.count(),
        "wishes": Wish.objects.count(),
        "offers": Offer.objects.count(),
    }


def finished_imports(cell: Cell) -> bool:
    """Offers come last: once they are in, the region is complete."""
    return ImportBatch.objects.filter(
        cell=cell, kind=ImportBatch.Kind.OFFERS_JSON, state=ImportBatch.State.DONE
    ).exists()


def import_region(cell: Cell, number: int, report: Report) -> None:
    report(f"{cell.region.name} : fabrication des fichiers de démonstration")
    plan = plan_region(cell, number, Random(SEED + number))
    files = write_region_files(Path(settings.VAR_DIR) / "demo", plan, timezone.now())
    by = Viewer(cell_id=cell.pk, role=Role.CELL_MANAGER)
    call_command("import_nomenclature", "trainings", str(files.catalogue), stdout=io.StringIO())
    import_files(files, cell, by, report)


def import_files(files: RegionFiles, cell: Cell, by: Viewer, report: Report) -> None:
    for path in (files.affelnet, files.parcoursup):
        batch = import_wishes(path, cell=cell, by=by)
        report(f"{path.name} : {batch.rows_read} vœux lus, {batch.refused_count} refusés")
    batch = import_offers(files.offers, by=by, cell=cell)
    report(f"{files.offers.name} : {batch.rows_read} offres lues, {batch.refused_count} refusées")


def record_contracts(cell: Cell) -> None:
    """A few people have signed already, and one contract in five is broken, as in real life."""
    people = YoungPerson.objects.filter(cell=cell)
    if people.filter(contracts__isnull=False).exists():
        return
    by = manager_of(cell)
    today = timezone.localdate()
    employers = Employer.objects.filter(offers__isnull=False).order_by("pk").distinct()
    pairs = zip(people.order_by("pk")[:CONTRACTS_PER_REGION], employers[:CONTRACTS_PER_REGION], strict=True)
    for number, (person, employer) in enumerate(pairs):
        contract = record_contract(
            young_person=person,
            employer=employer,
            kind="apprentissage",
            signed_on=today - timedelta(days=60),
            starts_on=today - timedelta(days=45),
            ends_on=today + timedelta(days=680),
            by=by,
        )
        if number % 5 == 0:
            break_contract(contract, on=today - timedelta(days=7), by=by)


def manager_of(cell: Cell) -> Viewer:
    return viewer_for_membership(cell.memberships.filter(role=Role.CELL_MANAGER).earliest("pk"))


def run_main_job(report: Report) -> dict[str, Any]:
    """A run and a campaign per cell, computed and sent by the worker; waits for both."""
    started = time.monotonic()
    cells = [cell_of(code) for code in REGION_CODES]
    runs = [matching_of(cell) for cell in cells]
    wait_for(lambda: all(run_is_over(run) for run in runs), "le rapprochement", report)
    report_runs(cells, report)
    matched = time.monotonic()
    campaigns = [campaign_of(cell) for cell in cells]
    wait_for(lambda: mails_left(campaigns) == 0, "la campagne", report, lambda: f"encore {mails_left(campaigns)} mails")
    return {
        "matches": Match.objects.filter(run__in=latest_runs(cells)).count(),
        "people_with_offer": Match.objects.filter(run__in=latest_runs(cells), rank=1).count(),
        "mails_sent": OutgoingMail.objects.filter(state=OutgoingMail.State.SENT).count(),
        "seconds": {"matching": round(matched - started, 1), "campaign": round(time.monotonic() - matched, 1)},
    }


def latest_runs(cells: list[Cell]) -> list[MatchRun]:
    return [MatchRun.objects.done().filter(cell=cell).latest("created_at") for cell in cells]


def matching_of(cell: Cell) -> MatchRun:
    """The cell's last run if it is done or under way, else a new one."""
    going = MatchRun.objects.filter(cell=cell).exclude(state__in=[RunState.FAILED, RunState.CANCELLED])
    return going.order_by("-created_at").first() or request_run(cell=cell, by=manager_of(cell))


def run_is_over(run: MatchRun) -> bool:
    run.refresh_from_db()
    if run.state == RunState.FAILED:
        raise RuntimeError(f"Le rapprochement a échoué : {run.message}")
    return run.state == RunState.DONE


def report_runs(cells: list[Cell], report: Report) -> None:
    for run in latest_runs(cells):
        report(
            f"{run.cell.region.name} : {run.match_count} propositions, {run.people_with_offer} jeunes servis "
            f"sur {run.people_count}"
        )


def campaign_of(cell: Cell) -> Campaign:
    """The cell's first campaign, launched; a crash between its creation and its launch is taken up here."""
    campaign = Campaign.objects.filter(cell=cell).order_by("created_at").first()
    by = manager_of(cell)
    if campaign is None:
        campaign = create_campaign(run=latest_runs([cell])[0], name="Campagne de démonstration", by=by)
    if campaign.state == CampaignState.DRAFT:
        launch_campaign(campaign, by=by)
    return campaign


def mails_left(campaigns: list[Campaign]) -> int:
    waiting = [OutgoingMail.State.QUEUED, OutgoingMail.State.LEASED]
    return OutgoingMail.objects.filter(stream__campaign__in=campaigns, state__in=waiting).count()


def wait_for(
    is_over: Callable[[], bool], what: str, report: Report, progress: Callable[[], str] = lambda: "au travail"
) -> None:
    """The worker does the work; this only looks. Raises TimeoutError when nothing comes of it."""
    begin = said = time.monotonic()
    report(f"En attente du worker pour {what}")
    while not is_over():
        now = time.monotonic()
        if now - begin > PATIENCE_SECONDS:
            raise TimeoutError(f"{what} n’est pas fini après {PATIENCE_SECONDS} s : voir var/log/.")
        if now - said > PROGRESS_SECONDS:
            said = now
            report(f"{what} : {progress()}")
        time.sleep(POLL_SECONDS)
