import json
import threading
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection

from cells.models import AuditEntry, ImportBatch
from employers.imports import load
from employers.imports.load import import_offers
from employers.models import Employer, Offer, OfferOccupation
from tests.cells.factories import CommuneFactory, CommunePostcodeFactory, DiplomaLevelFactory, OccupationFactory
from tests.employers.factories import EmployerFactory, OfferFactory, make_siret
from tests.employers.offer_files import an_offer, numbered, write_export, write_text

COUNTS = ("created_count", "updated_count", "unchanged_count", "closed_count", "refused_count")


@pytest.fixture(autouse=True)
def nomenclatures(db):
    for code in ("D1102", "G1602"):
        OccupationFactory(code=code)
    for level in (3, 4):
        DiplomaLevelFactory(level=level)
    CommunePostcodeFactory(commune=CommuneFactory(), postcode="76000")


@pytest.fixture
def read(tmp_path, alice_viewer):
    """`read(offer, …)`: the batch of a file of those offers."""

    def read(*offers, **options) -> ImportBatch:
        return import_offers(write_export(tmp_path, *offers), by=alice_viewer, **options)

    return read


def counts(batch: ImportBatch) -> tuple[int, ...]:
    """(created, updated, unchanged, closed, refused)"""
    return tuple(getattr(batch, name) for name in COUNTS)


def everything() -> list:
    return [list(model.objects.order_by("pk").values()) for model in (Employer, Offer, OfferOccupation)]


def test_every_field_of_the_national_export_reaches_the_offer(read):
    batch = read(an_offer())

    offer = Offer.objects.get()
    assert (batch.state, batch.kind, batch.rows_read, counts(batch)) == ("done", "offers_json", 1, (1, 0, 0, 0, 0))
    assert (offer.partner_label, offer.partner_job_id, offer.status) == ("France Travail", "job-1", "Active")
    assert (offer.title, offer.description[:14]) == ("Apprenti boulanger", "Vous apprenez ")
    assert (offer.desired_skills, offer.to_be_acquired_skills) == (["Ponctualité"], ["Pétrir"])
    assert [occupation.code for occupation in offer.occupations.all()] == ["D1102"]
    assert (offer.target_level_id, offer.contract_types) == (3, ["Apprentissage"])
    assert (offer.starts_on, offer.duration_months, offer.remote) == (date(2026, 9, 1), 24, "onsite")
    assert (offer.positions, offer.is_delegated, offer.accepts_minors) == (2, True, True)
    assert (offer.apply_url, offer.apply_phone) == ("https://exemple.fr/offre/1", "0235000001")
    assert (offer.recipient_id, offer.address[-5:]) == ("partners_1", "Rouen")
    assert (offer.latitude, offer.longitude, offer.commune_id) == (49.4405, 1.0939, "76540")
    assert offer.published_at == datetime(2026, 5, 4, 8, tzinfo=UTC)
    assert offer.expires_at == datetime(2026, 12, 31, tzinfo=UTC)
    assert offer.batch == batch


def test_the_workplace_becomes_an_employer(read):
    read(an_offer())

    employer = Employer.objects.get()
    assert (employer.siret, employer.source_key, employer.name) == (make_siret(42), "", "Boulangerie Martin")
    assert (employer.brand, employer.legal_name, employer.size) == ("Chez Martin", "MARTIN SARL", "10-19")
    assert (employer.naf_code, employer.idcc, employer.opco) == ("1071C", 843, "OPCO EP")
    assert (employer.website, employer.postcode) == ("https://martin.exemple.fr", "76000")
    assert (employer.latitude, employer.commune_id) == (49.4405, "76540")


def test_the_same_file_twice_changes_nothing(read):
    offers = [numbered(1), numbered(2, workplace__siret=None, offer__rome_codes=["G1602", "D1102"])]
    read(*offers)
    before = everything()

    assert counts(read(*offers)) == (0, 0, 2, 0, 0)
    assert everything() == before


def test_a_file_without_dates_read_again_later_changes_nothing(read):
    undated = an_offer(offer__publication={})
    with time_machine.travel("2026-06-10T12:00Z", tick=False):
        read(undated)
    before = everything()

    with time_machine.travel("2026-06-25T12:00Z", tick=False):
        assert counts(read(undated)) == (0, 0, 1, 0, 0)
    assert everything() == before
    assert Offer.objects.get().expires_at == datetime(2026, 8, 9, 22, tzinfo=UTC)  # two months, midnight in Paris


def test_each_chunk_has_its_own_moment_so_that_no_reader_of_changes_misses_one(read, monkeypatch):
    monkeypatch.setattr(load, "CHUNK", 1)
    with time_machine.travel("2026-06-10T12:00Z", tick=False) as clock:
        read(numbered(1), numbered(2), progress=lambda _: clock.shift(60))
    first, second = Offer.objects.order_by("partner_job_id").values_list("updated_at", flat=True)
    assert (second - first).total_seconds() >= 60


def test_a_changed_offer_is_updated_in_place(read):
    read(numbered(1), numbered(2))
    identity = Offer.objects.get(partner_job_id="job-2").uuid

    batch = read(numbered(1), numbered(2, offer__title="Apprentie pâtissière", offer__status="Filled"))

    offer = Offer.objects.get(partner_job_id="job-2")
    assert counts(batch) == (0, 1, 1, 0, 0)
    assert (offer.uuid, offer.title, offer.status, offer.batch) == (identity, "Apprentie pâtissière", "Filled", batch)
    assert offer.updated_at > offer.created_at


def test_occupations_alone_make_a_change(read):
    read(an_offer())

    assert counts(read(an_offer(offer__rome_codes=["G1602"]))) == (0, 1, 0, 0, 0)
    assert list(OfferOccupation.objects.values_list("occupation_id", flat=True)) == ["G1602"]


def test_a_vanished_offer_is_cancelled_only_when_the_file_is_said_complete(read):
    OfferFactory(partner_label="Hellowork", partner_job_id="ailleurs")
    read(numbered(1), numbered(2))

    assert counts(read(numbered(1))) == (0, 0, 1, 0, 0)
    assert counts(read(numbered(1), complete=True)) == (0, 0, 1, 1, 0)
    states = dict(Offer.objects.values_list("partner_job_id", "status"))
    assert states == {"job-1": "Active", "job-2": "Cancelled", "ailleurs": "Active"}


def test_a_cancelled_offer_that_comes_back_is_active_again(read):
    read(numbered(1), numbered(2))
    read(numbered(1), complete=True)

    assert counts(read(numbered(1), numbered(2), complete=True)) == (0, 1, 1, 0, 0)
    assert Offer.objects.filter(status="Active").count() == 2


def test_a_refused_offer_has_not_vanished(read):
    read(numbered(1), numbered(2))

    batch = read(numbered(1), numbered(2, offer__title="A"), complete=True)

    assert counts(batch) == (0, 0, 1, 0, 1)
    assert Offer.objects.filter(status="Active").count() == 2


def test_nothing_is_cancelled_when_an_offer_cannot_be_named(read):
    read(numbered(1), numbered(2))

    batch = read(numbered(1), an_offer(identifier__partner_job_id=None), complete=True)

    assert counts(batch) == (0, 0, 1, 0, 1)
    assert "n’ont pas été annulées" in batch.message


@pytest.mark.parametrize("chunk", [1, 100])
def test_the_second_row_of_a_key_is_refused(read, monkeypatch, chunk):
    monkeypatch.setattr(load, "CHUNK", chunk)

    batch = read(numbered(1), numbered(2), numbered(1, offer__title="Autre intitulé"))

    refused = batch.refused_rows.get()
    assert counts(batch) == (2, 0, 0, 0, 1)
    assert (refused.line, refused.column, refused.value) == (3, "identifier.partner_job_id", "job-1")
    assert Offer.objects.get(partner_job_id="job-1").title == "Apprenti boulanger"


def test_a_good_row_after_a_refused_one_of_the_same_key_is_kept(read):
    assert counts(read(numbered(1, offer__title="A"), numbered(1))) == (1, 0, 0, 0, 1)


@pytest.mark.parametrize("chunk", [1, 100])
def test_the_first_offer_of_a_file_describes_the_employer(read, monkeypatch, chunk):
    monkeypatch.setattr(load, "CHUNK", chunk)
    offers = [numbered(1), numbered(2, workplace__name="BOULANGERIE MARTIN")]

    read(*offers)
    assert Employer.objects.get().name == "Boulangerie Martin"
    before = everything()
    read(*offers)
    assert everything() == before


def test_what_a_file_does_not_say_about_an_employer_is_kept(read):
    employer = EmployerFactory(siret=make_siret(42), name="Ancien nom", opco="AKTO", objects_to_contact=True)

    read(an_offer(workplace__domain=None))

    employer.refresh_from_db()
    assert (employer.name, employer.opco, employer.objects_to_contact) == ("Boulangerie Martin", "AKTO", True)


def test_an_employer_without_siret_is_known_by_its_name_and_postcode(read):
    nameless = {"workplace__siret": None}
    elsewhere = {"address": "1 place Foch 14000 Caen", "geopoint": None}
    read(
        numbered(1, **nameless),
        numbered(2, **nameless, workplace__name="BOULANGERIE  MARTIN"),
        numbered(3, **nameless, workplace__location=elsewhere),
    )

    keys = set(Employer.objects.values_list("siret", "source_key"))
    assert keys == {("", "boulangerie martin|76000"), ("", "boulangerie martin|14000")}


def test_an_employer_without_a_name_is_called_by_its_siret(read):
    read(an_offer(workplace__name=None, workplace__brand=None, workplace__legal_name=None))

    assert Employer.objects.get().name == f"Établissement {make_siret(42)}"


def test_missing_coordinates_are_those_of_the_commune(read):
    read(an_offer(workplace__location={"address": "Zone Nord, 76000 ROUEN CEDEX"}))

    offer = Offer.objects.get()
    assert (offer.commune_id, offer.latitude, offer.longitude) == ("76540", 49.4405, 1.0939)


@pytest.mark.parametrize("location", [None, {"address": "Quelque part"}, {"geopoint": {"coordinates": [0, 0]}}])
def test_an_offer_without_a_place_is_kept_and_counted(read, location):
    batch = read(an_offer(workplace__location=location))

    offer = Offer.objects.get()
    assert (offer.latitude, offer.commune_id) == (None, None)
    assert batch.message.startswith("1 offre(s) sans lieu connu")


def test_only_what_identifies_an_offer_has_to_be_there(read):
    bare = {
        "identifier": {"partner_label": "CFA Exemple", "partner_job_id": 17},
        "workplace": {"name": "Garage Dupont"},
        "offer": {"title": "Apprenti mécanicien", "rome_codes": ["D1102"]},
    }

    batch = read(bare)

    offer = Offer.objects.get()
    assert batch.created_count == 1
    assert (offer.partner_job_id, offer.status, offer.positions, offer.remote) == ("17", "Active", 1, "")
    assert offer.contract_types == ["Apprentissage", "Professionnalisation"]
    assert (offer.starts_on, offer.target_level_id, offer.apply_url) == (None, None, "")


def test_contract_types_in_another_order_are_no_change(read):
    read(an_offer(contract__type=["Apprentissage", "Professionnalisation"]))

    assert counts(read(an_offer(contract__type=["Professionnalisation", "Apprentissage"]))) == (0, 0, 1, 0, 0)


def test_the_start_is_the_day_in_paris(read):
    read(an_offer(contract__start="2026-08-31T22:00:00.000Z"))

    assert Offer.objects.get().starts_on == date(2026, 9, 1)


def test_html_emoji_and_formulas_stay_text(read):
    title = "=cmd() <script>alert(1)</script> 🍞"
    read(an_offer(offer__title=title, offer__description="a\u0000bc\nd"))

    offer = Offer.objects.get()
    assert (offer.title, offer.description) == (title, "abc\nd")


def test_an_array_a_jobs_key_and_lines_say_the_same(tmp_path, alice_viewer):
    offers = [numbered(1), numbered(2)]
    one_by_line = "\n".join(json.dumps(offer) for offer in offers) + "\n\n"
    export = {"warnings": [], "recruiters": [{"identifier": {"id": "x"}}], "jobs": offers}
    files = [
        write_export(tmp_path, *offers),
        write_text(tmp_path, json.dumps(export), name="compact.json"),
        write_text(tmp_path, "\ufeff" + json.dumps(export, indent=2), name="indented.json"),
        write_text(tmp_path, one_by_line, name="lines.jsonl"),
    ]

    batches = [import_offers(path, by=alice_viewer) for path in files]

    assert [counts(batch) for batch in batches] == [(2, 0, 0, 0, 0)] + [(0, 0, 2, 0, 0)] * 3


def test_an_export_in_cp1252_is_read(tmp_path, alice_viewer):
    text = json.dumps([an_offer(offer__title="Électricien à façon")], ensure_ascii=False)

    import_offers(write_text(tmp_path, text, encoding="cp1252"), by=alice_viewer)

    assert Offer.objects.get().title == "Électricien à façon"


def test_the_import_leaves_a_trace_and_shows_its_progress(read, cell, alice, monkeypatch):
    monkeypatch.setattr(load, "CHUNK", 2)
    seen = []

    batch = read(*map(numbered, range(5)), cell=cell, progress=lambda batch: seen.append(batch.rows_read))

    assert seen == [2, 4, 5]
    assert (batch.cell, batch.started_by) == (cell, alice)
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == ["import.started", "import.finished"]


def test_a_reading_costs_the_same_queries_for_2_offers_and_for_40(read, django_assert_max_num_queries):
    with django_assert_max_num_queries(60) as few:
        read(*map(numbered, range(2)))
    with django_assert_max_num_queries(60) as many:
        read(*map(numbered, range(40)))

    assert len(many) == len(few)


def test_a_row_the_database_refuses_is_found_among_the_good_ones(read, monkeypatch):
    monkeypatch.setattr("employers.imports.rules.STATUSES", ["Active", "trop long pour la colonne"])

    batch = read(*map(numbered, range(4)), numbered(5, offer__status="trop long pour la colonne"))

    assert counts(batch) == (4, 0, 0, 0, 1)
    assert batch.refused_rows.get().line == 5


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_give_each_offer_once(tmp_path, alice_viewer, monkeypatch):
    monkeypatch.setattr(load, "CHUNK", 3)
    offers = [numbered(n, workplace__siret=make_siret(n % 4)) for n in range(30)]
    paths = [write_export(tmp_path, *offers, name="a.json"), write_export(tmp_path, *offers[::-1], name="b.json")]
    together = threading.Barrier(2)
    batches = []

    def reader(path):
        together.wait(timeout=10)
        try:
            batches.append(import_offers(path, by=alice_viewer))
        finally:
            connection.close()

    threads = [threading.Thread(target=reader, args=[path]) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert [batch.state for batch in batches] == ["done", "done"]
    assert sum(batch.created_count for batch in batches) == Offer.objects.count() == 30
    assert Employer.objects.count() == 4
