"""The whole story without a browser: files in, mails out, a family says stop, a contract is signed and broken."""

import re
from collections import Counter
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cells.models import AuditEntry, ImportBatch
from matching.models import Campaign, Match, MatchRun
from tests.cells.factories import (
    CommuneFactory,
    CommunePostcodeFactory,
    DiplomaLevelFactory,
    OccupationFactory,
    TrainingFactory,
)
from tests.employers.factories import make_siret
from tests.employers.offer_files import numbered, write_export
from tests.support.html import text_of
from tests.support.smtp import SmtpServer
from tests.support.worker import work
from tests.youth.wish_files import NEW_HEADER, affelnet_row, write_csv
from youth.models import YoungPerson

pytestmark = pytest.mark.django_db(transaction=True)

FAMILY = "parent@famille.exemple"
ALONE = "autre@famille.exemple"


@pytest.fixture
def sink(settings):
    settings.SITE_URL = "https://jonction.exemple"
    settings.MAIL_DOMAIN = "jonction.exemple"
    with SmtpServer() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture(autouse=True)
def reference_rows(db, settings, tmp_path):
    """What a cell's database knows before the first file: Rouen, a diploma, an occupation, a training."""
    settings.VAR_DIR = tmp_path
    CommunePostcodeFactory(commune=CommuneFactory(), postcode="76000")
    DiplomaLevelFactory(level=3)
    TrainingFactory(label="CAP Cuisine", mef="2472212431").occupations.add(OccupationFactory(code="G1602"))


@pytest.fixture
def wish_file(tmp_path):
    """Two siblings with one parent's address, one boy alone, and a line without a name."""
    rows = [
        affelnet_row(),
        affelnet_row(ine="123456789CD", first_name="NINO", offer="1A111112"),
        affelnet_row(ine="123456789EF", last_name="DIALLO", first_name="SORY", mail_1=ALONE, offer="1A111113"),
        affelnet_row(ine="123456789GH", last_name="-", first_name="-", offer="1A111114"),
    ]
    return write_csv(tmp_path / "affelnet.csv", NEW_HEADER, rows)


@pytest.fixture
def offer_file(tmp_path):
    soon = (timezone.localdate() + timedelta(days=40)).isoformat()
    later = (timezone.localdate() + timedelta(days=60)).isoformat()
    kitchens = {
        f"Cuisine {number}": numbered(
            number,
            workplace__siret=make_siret(500 + number),
            workplace__legal_name=f"Cuisine {number}",
            offer__title=f"Apprenti cuisinier n° {number}",
            offer__rome_codes=["G1602"],
            offer__publication={"creation": "2026-05-04T08:00:00.000Z", "expiration": f"{later}T00:00:00.000Z"},
            contract__start=f"{soon}T00:00:00+01:00",
        )
        for number in range(1, 5)
    }
    return write_export(tmp_path, *kitchens.values())


def deposit(client, route, path, **fields) -> ImportBatch:
    upload = SimpleUploadedFile(path.name, path.read_bytes())
    response = client.post(reverse(route), {"file": upload, **fields})
    assert response.status_code == 302, text_of(response)
    return ImportBatch.objects.latest("started_at")


def compute(client, published) -> MatchRun:
    """Ask for a run as a counsellor does, let the worker do it, read it on its page."""
    response = client.post(reverse("matching:run-create"))
    assert response.status_code == 302
    work(published)
    run = MatchRun.objects.latest("created_at")
    assert "ont au moins une offre" in text_of(client.get(response.url))
    return run


def send(client, published, run, name) -> Campaign:
    created = client.post(
        reverse("matching:campaign-create", args=[run.uuid]),
        {"name": name, "offers_per_mail": 3, "hold_out_percent": 0},
    )
    assert created.status_code == 302, text_of(created)
    campaign = Campaign.objects.get(name=name)
    client.post(reverse("matching:campaign-launch", args=[campaign.uuid]))
    work(published)
    return campaign


def outcomes(campaign) -> Counter[str]:
    """« sent », or the reason for no mail, with how many."""
    return Counter(
        recipient.mail.state if recipient.mail else recipient.skip_reason for recipient in campaign.recipients.all()
    )


def people_of(run) -> set[str]:
    return set(Match.objects.filter(run=run).values_list("young_person__first_name", flat=True))


def unsubscribe_link(message) -> str:
    return urlsplit(re.fullmatch(r"<(.+)>", message["List-Unsubscribe"])[1]).path


def test_a_file_becomes_mails_and_one_family_says_stop(manager, signed_in, published, sink, wish_file, offer_file):
    client = signed_in(manager)
    wishes = deposit(client, "youth:import-create", wish_file)
    offers = deposit(client, "employers:import-create", offer_file)
    assert work(published) == ["youth.tasks.import_wish_file", "employers.tasks.import_offer_file"]
    wishes.refresh_from_db()
    offers.refresh_from_db()
    assert (wishes.state, wishes.created_count, wishes.refused_count) == ("done", 3, 1)
    assert (offers.state, offers.created_count, offers.refused_count) == ("done", 4, 0)
    assert "5 Nom de l'élève" in text_of(client.get(reverse("youth:import-detail", args=[wishes.uuid])))

    run = compute(client, published)
    assert people_of(run) == {"LÉA", "NINO", "SORY"}
    campaign = send(client, published, run, "Novembre")
    assert outcomes(campaign) == {"sent": 3}
    assert sink.per_address() == {FAMILY: 2, ALONE: 1}  # one mail per child, siblings included
    message = next(one for one in sink.messages() if one["To"] == FAMILY)
    text = message.get_body(("plain",)).get_content()
    assert re.search(r"Apprenti cuisinier n° \d", text)
    assert "1er vœu" in text

    link = unsubscribe_link(message)
    stranger = Client()
    assert "p•••@famille.exemple" in text_of(stranger.get(link))
    assert stranger.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    sory = YoungPerson.objects.get(first_name="SORY")
    again = send(client, published, compute(client, published), "Encore")
    assert outcomes(again) == {"objection": 2, "already_contacted": 1}
    assert again.recipients.get(young_person=sory).skip_reason == "already_contacted"
    assert len(sink.taken) == 3


def test_a_contract_takes_a_person_out_of_the_next_run_and_its_break_puts_them_back(
    manager, signed_in, published, wish_file, offer_file
):
    client = signed_in(manager)
    deposit(client, "youth:import-create", wish_file)
    deposit(client, "employers:import-create", offer_file)
    work(published)
    lea = YoungPerson.objects.get(first_name="LÉA")
    file_url = reverse("youth:person-detail", args=[lea.uuid])
    proposals_url = reverse("matching:for-young-person", args=[lea.uuid])
    before = compute(client, published)
    assert "LÉA" in people_of(before)
    assert "Apprenti cuisinier" in text_of(client.get(proposals_url))

    today = timezone.localdate()
    signed = client.post(
        reverse("employers:contract-create", args=[lea.uuid]),
        {
            "siret": make_siret(501),
            "kind": "apprentissage",
            "signed_on": (today - timedelta(days=20)).isoformat(),
            "starts_on": (today - timedelta(days=10)).isoformat(),
            "ends_on": (today + timedelta(days=700)).isoformat(),
        },
    )
    assert signed.status_code == 302, text_of(signed)
    assert "En contrat" in text_of(client.get(file_url))
    assert people_of(compute(client, published)) == {"NINO", "SORY"}

    contract = lea.contracts.get()
    broken = client.post(reverse("employers:contract-break", args=[contract.uuid]), {"on": date.today().isoformat()})
    assert broken.status_code == 302, text_of(broken)
    assert "En recherche" in text_of(client.get(file_url))
    assert people_of(compute(client, published)) == {"LÉA", "NINO", "SORY"}
    told = set(AuditEntry.objects.filter(target_uuid=contract.uuid).values_list("action", flat=True))
    assert told == {"contract.recorded", "contract.broken"}
