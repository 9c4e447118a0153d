import csv

import pytest

from cells.models import Commune, CommunePostcode, Department
from cells.services.places import NamedPlace, Place, PlaceIndex, clean_postcode, place_key, read_former_communes
from cells.services.reference.shipped import FOLDER


def shipped_communes():
    with (FOLDER / "communes.csv").open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text, delimiter=";"):
            point = (float(row["latitude"]), float(row["longitude"])) if row["latitude"] else (None, None)
            place = Place(row["insee"], row["department"], *point)
            yield NamedPlace(row["name"], tuple(row["postcodes"].split()), place)


@pytest.fixture(scope="module")
def places():
    return PlaceIndex(shipped_communes(), read_former_communes())


@pytest.mark.parametrize(
    ("postcode", "city", "insee"),
    [
        ("01400", "L'Abergement-Clémenciat", "01001"),
        ("1400", "L ABERGEMENT CLEMENCIAT", "01001"),
        ("01400", "L’ABERGEMENT CLEMENCIAT", "01001"),
        ("33077", "BORDEAUX CEDEX", "33063"),
        ("33 077", "Bordeaux Cedex 9", "33063"),
        ("F-67000", "STRASBOURG", "67482"),
        ("72000", "MANS (LE)", "72181"),
        ("71100", "CHALON S/ SAONE", "71076"),
        ("97400", "ST DENIS", "97411"),
        ("20090", "AJACCIO", "2A004"),
        ("20000", "AJACCIO", "2A004"),
        ("92800", "PARIS LA DEFENSE", "92062"),
        ("17340", "CHATELAILLON", "17094"),
        ("67000", "", "67482"),
    ],
)
def test_the_many_ways_to_write_a_town_lead_to_its_commune(places, postcode, city, insee):
    assert places.resolve(postcode, city).insee == insee


@pytest.mark.parametrize(
    ("postcode", "city", "insee"),
    [
        ("75013", "PARIS", "75113"),
        ("75013", "PARIS 13", "75113"),
        ("", "Paris 13e", "75113"),
        ("75013", "PARIS 13EME ARRONDISSEMENT", "75113"),
        ("75116", "PARIS", "75116"),
        ("13001", "Marseille 01", "13201"),
        ("69003", "LYON", "69383"),
        ("75000", "PARIS", "75056"),
    ],
)
def test_districts_of_the_three_large_cities_have_their_own_point(places, postcode, city, insee):
    assert places.resolve(postcode, city).insee == insee


def test_a_commune_that_merged_is_found_under_its_former_name(places):
    assert places.resolve("49480", "ST SYLVAIN D ANJOU").insee == "49323"  # Verrières-en-Anjou


def test_a_hamlet_is_placed_by_a_postcode_of_one_commune(places):
    assert places.resolve("93210", "LA PLAINE SAINT DENIS").insee == "93066"
    assert places.resolve("76000", "Quartier des Marins").insee == "76540"


@pytest.mark.parametrize(
    ("postcode", "city"),
    [
        ("33000", "LYON"),  # contradictory
        ("", "SAINT DENIS"),  # several in France
        ("01400", ""),  # several communes share it
        ("01400", "Le Bout du Monde"),
        ("99999", "Berlin"),
        ("", ""),
        ("-", "-"),
        ("=cmd()", "<script>"),
    ],
)
def test_a_doubtful_address_is_not_guessed(places, postcode, city):
    assert places.resolve(postcode, city) is None


def test_a_department_settles_a_town_without_postcode(places):
    assert places.resolve("", "SAINT-DENIS", department="93").insee == "93066"
    assert places.resolve("", "Saint Denis", department="974").insee == "97411"
    assert places.resolve("", "Rouen").insee == "76540"


def test_every_commune_is_found_by_its_own_name_and_each_of_its_postcodes(places):
    large = {"75056", "69123", "13055"}  # their postcodes lead to districts
    lost = [
        (commune.name, postcode)
        for commune in shipped_communes()
        for postcode in commune.postcodes
        if commune.place.insee not in large and places.resolve(postcode, commune.name.upper()) != commune.place
    ]
    assert lost == []


def test_places_are_also_found_by_insee_code(places):
    assert places.by_insee(" 2a004 ").department == "2A"
    assert places.by_insee("99999") is None
    assert places.by_insee("") is None


def test_remembered_answers_do_not_grow_without_end(places, monkeypatch):
    monkeypatch.setattr("cells.services.places.REMEMBERED", 10)
    for number in range(100):
        places.resolve("67000", f"Rue {number}")
    assert len(places._remembered) <= 10


def test_a_town_key_ignores_case_accents_and_abbreviations():
    assert place_key("STE-MARIE AUX MINES") == place_key("Sainte Marie-aux-Mines")
    assert place_key("St-Ouen s/ Seine Cedex 2") == "saintouensurseine"
    assert place_key("Haÿ-les-Roses (L')") == place_key("L'Haÿ-les-Roses")
    assert clean_postcode("1400") == "01400"
    assert clean_postcode("123") == ""


@pytest.mark.django_db
def test_the_index_is_loaded_from_the_database_without_communes_that_lost_their_postcodes():
    department = Department.objects.create(code="67", name="Bas-Rhin")
    kept, gone = (
        Commune.objects.create(
            insee_code=code, name=name, search_name=name.lower(), department=department, latitude=48, longitude=7
        )
        for code, name in (("67482", "Strasbourg"), ("67999", "Disparue"))
    )
    CommunePostcode.objects.create(commune=kept, postcode="67100")
    CommunePostcode.objects.create(commune=kept, postcode="67000")

    index = PlaceIndex.load()

    assert index.resolve("67100", "strasbourg") == Place("67482", "67", 48.0, 7.0)
    assert index.resolve("", "Disparue") is None
    assert index.by_insee(gone.pk).insee == "67999"
