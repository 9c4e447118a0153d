import io
import json
import zipfile
from math import inf, nan

import pytest

from cells.models import RefusedRow
from employers.imports import files, load
from employers.imports.checks import coordinates, default_expiry, moment, web_address
from employers.imports.load import import_offers
from employers.imports.tree import readable
from employers.models import Employer, Offer
from tests.cells.factories import DiplomaLevelFactory, OccupationFactory
from tests.employers.factories import make_siret
from tests.employers.offer_files import MISSING, an_offer, numbered, write_export, write_text


@pytest.fixture
def nomenclatures(db):
    OccupationFactory(code="D1102")
    DiplomaLevelFactory(level=3)


@pytest.fixture
def read(nomenclatures, tmp_path, alice_viewer):
    """`read(offer, …)`: the batch of a file of those offers."""
    return lambda *offers: import_offers(write_export(tmp_path, *offers), by=alice_viewer)


@pytest.fixture
def read_text(nomenclatures, tmp_path, alice_viewer):
    return lambda text, **options: import_offers(write_text(tmp_path, text, **options), by=alice_viewer)


REFUSED = [
    ("identifier.partner_label", "", "obligatoire"),
    ("identifier.partner_job_id", MISSING, "obligatoire"),
    ("identifier.partner_job_id", "x" * 201, "200 caractères au plus"),
    ("offer.title", "AB", "3 caractères au moins"),
    ("offer.title", ["Boulanger"], "un texte est attendu"),
    ("offer.status", "Pending", "valeurs possibles : Active, Filled, Cancelled"),
    ("offer.rome_codes", ["Z9999"], "aucun code ROME connu"),
    ("offer.rome_codes", [], "aucun code ROME connu"),
    ("offer.rome_codes", "D1102", "une liste est attendue"),
    ("offer.rome_codes", [1102], "une liste de textes"),
    ("offer.opening_count", 0, "entre 1 et 1000"),
    ("offer.opening_count", 1_001, "entre 1 et 1000"),
    ("offer.opening_count", 1.5, "nombre entier"),
    ("offer.opening_count", True, "nombre entier"),
    ("offer.opening_count", "²", "nombre entier"),
    ("offer.target_diploma.european", "2", "entre 3 et 8"),
    ("offer.target_diploma.european", "8", "niveau absent des données de référence"),
    ("offer.publication.creation", "1026-05-04", "date hors de 2015–2099"),
    ("offer.publication.creation", "0001-01-01T00:00:00+14:00", "date hors de 2015–2099"),
    ("offer.publication.creation", "hier", "une date est attendue"),
    ("offer.publication.expiration", "2026-05-03", "expire avant d’être publiée"),
    ("contract.start", "3026-09-01", "date hors de 2015–2099"),
    ("contract.duration", 61, "entre 0 et 60"),
    ("contract.type", ["Stage"], "valeurs possibles : Apprentissage"),
    ("contract.remote", "parfois", "valeurs possibles : onsite"),
    ("workplace.siret", "12345678901234", "clé de contrôle"),
    ("workplace.siret", "123", "14 chiffres"),
    ("workplace.location.geopoint.coordinates", [1.09, 200], "latitude hors de"),
    ("workplace.location.geopoint.coordinates", [-181, 49], "longitude hors de"),
    ("workplace.location.geopoint.coordinates", [1.09], "deux nombres"),
    ("workplace.location.geopoint.coordinates", ["1.09", "49.4"], "deux nombres"),
    ("apply.url", "javascript:alert(1)", "http:// ou https://"),
    ("apply.url", "https:///sans-hote", "http:// ou https://"),
    ("apply.url", "https://banque.fr@pirate.example/", "mal formée"),
    ("apply.url", "https://exemple.fr/<script>", "mal formée"),
    ("is_delegated", "oui", "vrai ou faux"),
    ("contract", "CDD", "un objet est attendu"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "reason"), REFUSED)
def test_a_wrong_offer_is_refused_by_name_and_its_neighbours_are_kept(read, path, value, reason):
    batch = read(numbered(1), numbered(2, **{path.replace(".", "__"): value}), numbered(3))

    refused = batch.refused_rows.get()
    assert (batch.state, batch.created_count, batch.refused_count, batch.rows_read) == ("done", 2, 1, 3)
    assert (refused.line, refused.column) == (2, path)
    assert reason in refused.reason


def test_a_refusal_shows_the_value_cut_short(read):
    batch = read(an_offer(apply__url="javascript:" + "a" * 900))

    assert batch.refused_rows.get().value.startswith("javascript:aaa")
    assert len(batch.refused_rows.get().value) <= RefusedRow._meta.get_field("value").max_length


def test_neither_siret_nor_name_is_refused(read):
    unknown = {f"workplace__{key}": None for key in ("siret", "name", "brand", "legal_name")}

    assert "ni SIRET ni nom" in read(an_offer(**unknown)).refused_rows.get().reason


def test_the_addresses_of_la_poste_have_their_own_key(read):
    assert read(an_offer(workplace__siret="35600000049837")).created_count == 1
    assert read(an_offer(workplace__siret="35600000049838")).refused_count == 1


@pytest.mark.parametrize(
    ("path", "value", "field", "kept"),
    [
        ("apply.phone", "12", "apply_phone", ""),
        ("apply.email", "pas une adresse", "apply_email", ""),
        ("offer.rome_codes", ["D1102", "Z9999"], "title", "Apprenti boulanger"),
        ("workplace.website", "javascript:alert(1)", "employer__website", ""),
        ("workplace.domain.idcc", "??", "employer__idcc", None),
        ("workplace.domain.naf.code", "boulangerie", "employer__naf_code", ""),
    ],
)
def test_a_bad_detail_is_dropped_and_reported_and_the_offer_is_kept(read, path, value, field, kept):
    batch = read(an_offer(**{path.replace(".", "__"): value}))

    noted = batch.refused_rows.get()
    assert (batch.created_count, batch.refused_count) == (1, 0)
    assert noted.column == path
    assert "gardée" in noted.reason
    assert Offer.objects.values_list(field, flat=True).get() == kept


def test_texts_for_people_are_cut_rather_than_refused(read):
    read(an_offer(offer__title="Boulanger " * 100, workplace__name="M" * 500))

    assert len(Offer.objects.get().title) <= 300
    assert Employer.objects.get().name == "M" * 199 + "…"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "vide"),
        ('[{"identifier": ', "n’est pas un JSON lisible"),
        ("[]", "aucune offre"),
        ('{"jobs": []}', "aucune offre"),
        ('{"data": [\n]}', "aucune offre"),
        ("bonjour", "en-tête"),
        ("a;b\n1;2\n", "Colonnes obligatoires absentes"),
    ],
)
def test_a_file_that_holds_no_offers_is_refused_in_words(read_text, text, message):
    batch = read_text(text)

    assert batch.state == "refused"
    assert message in batch.message


def test_a_zip_is_refused_in_words(nomenclatures, tmp_path, alice_viewer):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("offres.json", "[]")
    path = tmp_path / "offres.json"
    path.write_bytes(archive.getvalue())

    batch = import_offers(path, by=alice_viewer)

    assert (batch.state, "zip" in batch.message) == ("refused", True)


def test_a_missing_file_is_refused_in_words(nomenclatures, tmp_path, alice_viewer):
    batch = import_offers(tmp_path / "absent.json", by=alice_viewer)

    assert (batch.state, "absent.json" in batch.message) == ("refused", True)


def test_a_file_cut_in_the_middle_keeps_what_was_read_and_cancels_nothing(read_text, read, tmp_path, alice_viewer):
    read(numbered(7))
    whole = json.dumps([numbered(1), numbered(2), numbered(3)])

    batch = import_offers(write_text(tmp_path, whole[:-900]), by=alice_viewer, complete=True)

    assert (batch.state, batch.created_count) == ("refused", 2)
    assert "après l’offre n° 2" in batch.message
    assert Offer.objects.filter(status="Active").count() == 3


def test_a_broken_line_among_lines_costs_only_itself(read_text):
    lines = [json.dumps(numbered(1)), '{"identifier": oups', "[1]", json.dumps(numbered(4))]

    batch = read_text("\n".join(lines))

    assert (batch.state, batch.created_count) == ("done", 2)
    assert [(row.line, row.reason) for row in batch.refused_rows.all()] == [
        (2, "cette ligne n’est pas du JSON"),
        (3, "une offre (un objet) est attendue"),
    ]


def test_a_broken_first_line_does_not_hide_the_others(read_text):
    assert read_text('{"identifier": oups\n' + json.dumps(numbered(2))).created_count == 1


@pytest.mark.parametrize("item", ['"texte"', "12", "null", "[[1]]"])
def test_what_is_no_offer_in_an_array_costs_only_itself(read_text, item):
    batch = read_text(f"[{item}, {json.dumps(numbered(2))}]")

    assert (batch.created_count, batch.refused_count) == (1, 1)


@pytest.mark.parametrize("nested", ["[" * 5_000 + "]" * 5_000, '{"a":' * 5_000 + "1" + "}" * 5_000])
@pytest.mark.parametrize("shape", ["[{}]", "{}"])
def test_a_deep_value_costs_only_its_offer(read_text, nested, shape):
    deep = json.dumps(an_offer(offer__title="profond")).replace('"profond"', nested)

    batch = read_text(
        f"[{deep}, {json.dumps(numbered(2))}]" if shape == "[{}]" else f"{deep}\n{json.dumps(numbered(2))}"
    )

    assert (batch.created_count, batch.refused_count) == (1, 1)


def test_an_endless_offer_does_not_fill_the_memory(read_text, monkeypatch):
    monkeypatch.setattr(files, "LONGEST_OFFER", 200_000)
    endless = json.dumps(numbered(2, offer__description="a" * 800_000))

    batch = read_text(f"[{json.dumps(numbered(1))}, {endless}]")

    assert (batch.state, "dépasse" in batch.message) == ("refused", True)
    assert batch.created_count == 1


def test_nomenclatures_that_are_not_loaded_are_asked_for(db, tmp_path, alice_viewer):
    batch = import_offers(write_export(tmp_path, an_offer()), by=alice_viewer)

    assert (batch.state, "load_reference" in batch.message) == ("refused", True)


def test_a_reader_that_dies_leaves_the_batch_interrupted_and_the_written_chunks(
    nomenclatures, tmp_path, alice_viewer, monkeypatch
):
    monkeypatch.setattr(load, "CHUNK", 1)

    def die(batch):
        if batch.rows_read == 2:
            raise KeyboardInterrupt

    path = write_export(tmp_path, *map(numbered, range(4)))
    with pytest.raises(KeyboardInterrupt):
        import_offers(path, by=alice_viewer, progress=die)

    assert Offer.objects.count() == 2
    assert Offer.objects.first().batch.state == "interrupted"
    assert import_offers(path, by=alice_viewer).created_count == 2


@pytest.mark.parametrize(
    ("published", "expires"),
    [
        ("2026-05-04T08:00Z", "2026-07-04T00:00+02:00"),
        ("2026-12-31", "2027-02-28T00:00+01:00"),
        ("2026-11-15T23:30Z", "2027-01-16T00:00+01:00"),
        ("2026-10-15", "2026-12-15T00:00+01:00"),
        ("2027-12-31", "2028-02-29T00:00+01:00"),
    ],
)
def test_an_offer_expires_two_months_later_at_midnight_in_paris(published, expires):
    assert default_expiry(moment(published)) == moment(expires)


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_what_is_no_number_is_no_place(number):
    with pytest.raises(ValueError, match="hors de"):
        coordinates([number, 49.4])


def test_a_web_address_of_the_usual_kind_is_left_as_it_is():
    url = "https://www.exemple.fr:8443/offre?id=1&src=a%20b#été"
    assert web_address(url) == url


def test_two_sirets_written_with_and_without_spaces_are_one_employer(read):
    spaced = f"{make_siret(42)[:9]} {make_siret(42)[9:]}"
    read(numbered(1), numbered(2, workplace__siret=spaced))

    assert Employer.objects.get().offers.count() == 2


def test_what_a_database_cannot_hold_is_taken_out_of_texts():
    assert readable("a\0b\ud800c\x1b[31m\r\nd\t🍞 ") == "abc[31m\nd\t🍞"


@pytest.mark.parametrize(
    "text", ["[" * 300_000, '{"jobs":[' + '{"a":' * 100_000, "[" + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]"]
)
def test_a_bottomless_file_is_refused_before_it_is_built_in_memory(read_text, text):
    batch = read_text(text)
    assert (batch.state, "imbriqués" in batch.message) == ("refused", True)
