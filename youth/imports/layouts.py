"""The files we know, as data: which columns are read, under which headers, and nothing else (see docs/imports.md).

A column that is not named here is never read: nationality, marks, languages, place of birth, grants, NIR.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cells.imports.errors import FileRefused
from cells.imports.reading import Header
from cells.models import ImportBatch
from cells.text import normalise
from youth.models import Wish

Headers = Mapping[str, tuple[str, ...]]

# What both files say about the training asked for.
_TRAINING: Headers = {
    "cle_me": ("clé ministère éducatif", "cle_ministere_educatif", "Clé ME"),
    "mef": ("Code MEF", "code_mef", "Code MEF 10", "MEF"),
    "cfd": ("CFD", "Code CFD", "Code formation diplôme", "code_cfd"),
    "rncp": ("RNCP", "Code RNCP", "code_rncp"),
    "label": ("Libellé formation", "Intitulé de la formation", "Intitulé formation", "libelle_formation", "Formation"),
    "site_uai": ("Code UAI étab. Accueil", "code_uai_etab_accueil", "UAI étab. Accueil", "UAI"),
    "site_name": ("Libellé établissement Accueil", "libelle_etab_accueil", "Établissement", "Nom établissement"),
    "site_city": ("Ville étab. Accueil", "ville_etab_accueil", "Ville établissement"),
    "school_year": ("année scolaire rentrée", "Rentrée", "annee_scolaire_rentree"),
}

_AFFELNET: Headers = {
    "academy": (
        "Académie possédant le dossier élève",
        "Académie possédant le dossier élève et l'offre de formation",
        "academie",
    ),
    "ine": ("INE", "ine"),
    "last_name": ("Nom de l'élève", "nom_eleve"),
    "first_name": ("Prénom 1", "prenom_1"),
    "second_name": ("Prénom 2", "prenom_2"),
    "third_name": ("Prénom 3", "prenom_3"),
    "address_1": ("Adresse de l'élève - Ligne 1",),
    "address_2": ("Adresse de l'élève - Ligne 2",),
    "address_3": ("Adresse de l'élève - Ligne 3",),
    "address_4": ("Adresse de l'élève - Ligne 4",),
    "postcode": ("Code postal", "code_postal"),
    "city": ("VILLE",),
    "country": ("PAYS",),
    "phone_home": ("Téléphone personnel",),
    "phone_work": ("Téléphone professionnel",),
    "phone_mobile": ("Téléphone portable",),
    "guardian_phone_1": ("Téléphone responsable 1", "telephone_responsable_1"),
    "guardian_phone_2": ("Téléphone responsable 2", "telephone_responsable_2"),
    "guardian_email_1": ("Mail responsable 1", "mail_responsable_1"),
    "guardian_email_2": ("Mail responsable 2", "mail_responsable_2"),
    "origin_training": ("Libellé formation origine de l'élève",),
    "origin_school_uai": ("Code UAI étab. origine",),
    "origin_school": ("Libellé étab. origine",),
    "rank": ("Rang du vœu", "rang_du_voeu"),
    "offer_code": ("Code offre de formation (vœu)", "code_offre_de_formation"),
    "trainer_uai": ("UAI Établissement formateur",),
    **_TRAINING,
}

_PARCOURSUP: Headers = {
    "ine": ("Numéro INE", "INE", "Code INE"),
    "last_name": ("Nom", "Candidat - Nom", "Nom du candidat"),
    "first_name": ("Prénom", "Candidat - Prénom", "Prénom du candidat"),
    "second_name": ("Prénom 2", "Deuxième prénom"),
    "birth_date": ("Date de naissance", "Date Naissance"),
    "email": ("Adresse mail", "e-mail du candidat", "Adresse électronique", "E-mail", "Mail"),
    "phone_home": ("Téléphone fixe", "Téléphone"),
    "phone_mobile": ("Téléphone mobile", "Téléphone portable"),
    "guardian_phone_1": ("Téléphone responsable 1", "telRL1"),
    "guardian_phone_2": ("Téléphone responsable 2", "telRL2"),
    "guardian_email_1": ("Mail responsable 1", "mailRL1"),
    "guardian_email_2": ("Mail responsable 2", "mailRL2"),
    "address_1": ("Adresse 1", "Adresse"),
    "address_2": ("Adresse 2",),
    "address_3": ("Adresse 3",),
    "postcode": ("Code postal",),
    "city": ("Ville", "Commune", "Libellé commune"),
    "country": ("Pays", "Pays adresse"),
    "origin_school": ("Libellé établissement d'origine", "Établissement d'origine"),
    "origin_school_uai": ("UAI établissement d'origine", "Code UAI étab. origine"),
    "origin_training": ("Série diplôme",),
    "rank": ("Rang du vœu", "Numéro du vœu", "Ordre du vœu", "Rang"),
    "offer_code": ("Code formation Parcoursup", "Code formation", "codeFormationPsup"),
    **_TRAINING,
}


@dataclass(frozen=True)
class Layout:
    """`required`: without these headers the file is refused. `key_column`: what names a wish in its source."""

    kind: ImportBatch.Kind
    source: Wish.Source
    columns: Headers
    required: tuple[str, ...]
    required_values: tuple[str, ...]

    @property
    def has_academies(self) -> bool:
        return "academy" in self.columns

    def likeness(self, header: Header) -> tuple[int, int]:
        """(required columns present, all columns present)."""
        found = header.positions(self.columns)
        return sum(column in found for column in self.required), len(found)


AFFELNET = Layout(
    kind=ImportBatch.Kind.AFFELNET,
    source=Wish.Source.AFFELNET,
    columns=_AFFELNET,
    required=("academy", "ine", "last_name", "first_name", "postcode", "city", "country", "rank", "offer_code"),
    required_values=("academy", "ine", "last_name", "first_name", "offer_code", "rank"),
)
PARCOURSUP = Layout(
    kind=ImportBatch.Kind.PARCOURSUP,
    source=Wish.Source.PARCOURSUP,
    columns=_PARCOURSUP,
    required=("last_name", "first_name", "birth_date", "rank", "label"),
    required_values=("last_name", "first_name", "rank", "label"),
)
LAYOUTS = {"affelnet": AFFELNET, "parcoursup": PARCOURSUP}

# Headers that only one of the two files has, to name the layout when the file lacks too much to be sure.
_UNIQUE = {
    "affelnet": {normalise(header) for column in ("academy", "last_name") for header in _AFFELNET[column]},
    "parcoursup": {normalise(header) for column in ("last_name", "first_name") for header in _PARCOURSUP[column]},
}


def layout_named(preset: str) -> Layout:
    try:
        return LAYOUTS[preset]
    except KeyError:
        known = ", ".join(LAYOUTS)
        raise FileRefused(f"Format « {preset} » inconnu. Formats possibles : {known}.") from None


def detect_layout(header: Header) -> Layout:
    """The layout most like this header. Raises FileRefused when it resembles none."""
    keys = set(header.keys)

    def likeness(name: str) -> tuple[bool, int, int]:
        required, total = LAYOUTS[name].likeness(header)
        return required == len(LAYOUTS[name].required), required + 3 * len(_UNIQUE[name] & keys), total

    best = max(LAYOUTS, key=likeness)
    if likeness(best)[2] < 3:
        raise FileRefused(
            "L’en-tête n’est ni celui d’un fichier de vœux Affelnet, ni celui de Parcoursup : "
            "vérifiez que c’est le bon fichier."
        )
    return LAYOUTS[best]
