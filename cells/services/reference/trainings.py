"""The national training catalogue, or an extract: training centres, trainings, the occupations they lead to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from stdnum.fr import siret as siret_rules

from cells.models import DiplomaLevel, Occupation, Training, TrainingCentre
from cells.services.places import PlaceIndex
from cells.services.reference.files import Column, Outcome, ReferenceFileError, Row, RowError, read_rows
from cells.services.reference.tables import replace_pairs, upsert
from cells.text import normalise

COLUMNS = (
    Column("label", ("intitule", "intitule_long", "libelle", "libelle_formation", "libelle_long"), required=True),
    Column("cle", ("cle_ministere_educatif", "clé ministère éducatif", "cle_me")),
    Column("mef", ("mef", "code_mef", "mef_10", "mef_10_code", "mef_11")),
    Column("cfd", ("cfd", "code_cfd", "formation_diplome", "code_diplome")),
    Column("rncp", ("rncp", "rncp_code", "code_rncp", "fiche_rncp")),
    Column("level", ("niveau", "niveau_diplome", "niveau_formation")),
    Column("rome", ("rome_codes", "codes_rome", "code_rome", "rome")),
    Column("uai", ("uai_formateur", "uai", "etablissement_formateur_uai", "code_uai_formateur")),
    Column("siret", ("siret_formateur", "siret", "etablissement_formateur_siret")),
    Column("centre", ("nom_formateur", "etablissement_formateur_enseigne", "nom_etablissement_formateur")),
    Column("address", ("adresse", "lieu_formation_adresse", "adresse_formateur")),
    Column("insee", ("code_commune_insee", "code_insee", "lieu_formation_code_commune_insee")),
    Column("postcode", ("code_postal", "cp", "lieu_formation_code_postal")),
    Column("city", ("commune", "ville", "localite", "lieu_formation_commune")),
    Column("latitude", ("latitude", "lat")),
    Column("longitude", ("longitude", "lon", "lng")),
)
CODE_SHAPES = {
    "mef": (re.compile(r"[0-9A-Z]{10}"), "n’est pas un MEF de 10 ou 11 caractères"),
    "cfd": (re.compile(r"[0-9A-Z]{8}"), "n’est pas un code diplôme de 8 caractères"),
    "rncp": (re.compile(r"RNCP[0-9]{3,5}"), "n’est pas un numéro RNCP"),
    "uai": (re.compile(r"[0-9]{7}[A-Z]"), "n’est pas un UAI (sept chiffres et une lettre)"),
}
MEF_LENGTH = 10
TRAINING_FACTS = ["label", "search_label", "level_id", "centre_id", "mef", "cfd", "rncp"]
CENTRE_FACTS = ["siret", "name", "address", "commune_id", "latitude", "longitude"]
TrainingKey = tuple[object, ...]


@dataclass(slots=True)
class _Catalogue:
    """What one file says, gathered before anything is written."""

    places: PlaceIndex
    occupations: frozenset[str]
    levels: frozenset[int]
    errors: list[RowError]
    centres: dict[str, TrainingCentre] = field(default_factory=dict)
    trainings: dict[TrainingKey, Training] = field(default_factory=dict)
    codes: dict[TrainingKey, set[str]] = field(default_factory=dict)

    def refuse(self, row: Row, column: str, reason: str) -> str:
        """Report a cell that is passed over; the rest of its row is kept."""
        self.errors.append(RowError(row.line, column, row[column], reason))
        return ""


@transaction.atomic
def import_trainings(path: Path) -> Outcome:
    """Create and update; never delete: wishes point at trainings that leave the catalogue.

    A training is known by its clé ministère éducatif, else by its centre, label and MEF. Rows that repeat one
    add their occupations to it. A training whose row names no occupation keeps those it has.
    """
    outcome = Outcome()
    catalogue = _Catalogue(
        places=PlaceIndex.load(),
        occupations=frozenset(Occupation.objects.values_list("code", flat=True)),
        levels=frozenset(DiplomaLevel.objects.values_list("level", flat=True)),
        errors=outcome.errors,
    )
    for row in read_rows(path, COLUMNS):
        if row["label"]:
            _gather(row, catalogue)
        else:
            catalogue.refuse(row, "label", "l’intitulé est vide : ligne ignorée.")
    if not catalogue.trainings:
        raise ReferenceFileError(f"Le fichier {path.name} n’a aucune formation sous son en-tête : rien n’a été changé.")
    _store_centres(catalogue.centres.values())
    _store_trainings(catalogue, outcome)
    _store_occupations(catalogue)
    return outcome


def _gather(row: Row, catalogue: _Catalogue) -> None:
    centre = _read_centre(row, catalogue)
    training = Training(
        label=row["label"][:300],
        search_label=normalise(row["label"])[:300],
        level_id=_read_level(row, catalogue),
        centre=centre,
        cle_ministere_educatif=row["cle"][:80],
        mef=_read_code(row, "mef", row["mef"].upper()[:MEF_LENGTH], catalogue),
        cfd=_read_code(row, "cfd", row["cfd"].upper(), catalogue),
        rncp=_read_code(row, "rncp", _with_prefix(row["rncp"]), catalogue),
    )
    key = _training_key(training, centre)
    catalogue.trainings.setdefault(key, training)
    catalogue.codes.setdefault(key, set()).update(_read_occupations(row, catalogue))


def _training_key(training: Training, centre: TrainingCentre | None) -> TrainingKey:
    if training.cle_ministere_educatif:
        return (training.cle_ministere_educatif,)
    return (centre and (centre.uai or centre.siret), training.search_label, training.mef)


def _read_code(row: Row, column: str, code: str, catalogue: _Catalogue) -> str:
    shape, reason = CODE_SHAPES[column]
    if not code or shape.fullmatch(code):
        return code
    return catalogue.refuse(row, column, f"{reason} : code ignoré.")


def _with_prefix(rncp: str) -> str:
    return f"RNCP{rncp}" if rncp.isdigit() else rncp.upper().replace(" ", "")


def _read_level(row: Row, catalogue: _Catalogue) -> int | None:
    """« 3 (CAP…) », « Niveau 3 » and « 3 » are all level 3."""
    if not row["level"]:
        return None
    digits = re.search(r"[0-9]+", row["level"])
    if digits and int(digits[0]) in catalogue.levels:
        return int(digits[0])
    catalogue.refuse(row, "level", "n’est pas un niveau de 3 à 8 : niveau laissé vide.")
    return None


def _read_occupations(row: Row, catalogue: _Catalogue) -> set[str]:
    codes = {code for code in re.split(r"[|,;/\s]+", row["rome"].upper()) if code}
    unknown = codes - catalogue.occupations
    if unknown:
        catalogue.refuse(row, "rome", f"code ROME inconnu ({', '.join(sorted(unknown))[:60]}) : ignoré.")
    return codes - unknown


def _read_centre(row: Row, catalogue: _Catalogue) -> TrainingCentre | None:
    """Known by its UAI, else by its SIRET; none of them: the training is taught anywhere."""
    uai = _read_code(row, "uai", row["uai"].upper(), catalogue)
    siret = re.sub(r"\s", "", row["siret"])
    if siret and not siret_rules.is_valid(siret):
        siret = catalogue.refuse(row, "siret", "n’est pas un SIRET valable : ignoré.")
    if not (uai or siret):
        return None
    if (uai or siret) not in catalogue.centres:
        catalogue.centres[uai or siret] = _build_centre(row, uai, siret, catalogue)
    return catalogue.centres[uai or siret]


def _build_centre(row: Row, uai: str, siret: str, catalogue: _Catalogue) -> TrainingCentre:
    commune = catalogue.places.by_insee(row["insee"]) or catalogue.places.resolve(row["postcode"], row["city"])
    latitude, longitude = _read_point(row, catalogue)
    if latitude is None and commune is not None:
        latitude, longitude = commune.latitude, commune.longitude
    return TrainingCentre(
        uai=uai,
        siret=siret,
        name=(row["centre"] or uai or siret)[:200],
        address=row["address"][:300],
        commune_id=commune and commune.insee,
        latitude=latitude,
        longitude=longitude,
    )


def _read_point(row: Row, catalogue: _Catalogue) -> tuple[float | None, float | None]:
    if not (row["latitude"] and row["longitude"]):
        return None, None
    try:
        latitude, longitude = (float(row[name].replace(",", ".")) for name in ("latitude", "longitude"))
    except ValueError:
        latitude, longitude = 360.0, 360.0
    if abs(latitude) <= 90 and abs(longitude) <= 180:
        return latitude, longitude
    catalogue.refuse(row, "latitude", "ou sa longitude est hors de la Terre : point de la commune retenu.")
    return None, None


def _store_centres(centres: Iterable[TrainingCentre]) -> None:
    counted = Outcome()
    known_by_uai = [centre for centre in centres if centre.uai]
    known_by_siret = [centre for centre in centres if not centre.uai]
    upsert(known_by_uai, key=["uai"], facts=CENTRE_FACTS, outcome=counted)
    upsert(known_by_siret, key=["siret"], facts=CENTRE_FACTS, outcome=counted, uai="")


def _store_trainings(catalogue: _Catalogue, outcome: Outcome) -> None:
    for training in catalogue.trainings.values():
        # The centre had no key yet when the training was built.
        training.centre_id = training.centre.pk if training.centre else None
    with_key = [one for one in catalogue.trainings.values() if one.cle_ministere_educatif]
    without = [one for one in catalogue.trainings.values() if not one.cle_ministere_educatif]
    upsert(with_key, key=["cle_ministere_educatif"], facts=TRAINING_FACTS, outcome=outcome)
    upsert(
        without,
        key=["centre_id", "search_label", "mef"],
        facts=TRAINING_FACTS,
        outcome=outcome,
        cle_ministere_educatif="",
    )


def _store_occupations(catalogue: _Catalogue) -> None:
    wanted = {catalogue.trainings[key].pk: codes for key, codes in catalogue.codes.items() if codes}
    pairs = ((training, code) for training, codes in wanted.items() for code in codes)
    replace_pairs(Training.occupations.through, ("training_id", "occupation_id"), pairs, training_id__in=list(wanted))
