"""Affelnet and Parcoursup files as their producers write them, with one invented pupil to start from."""

from pathlib import Path

OLD_HEADER = [
    "Académie possédant le dossier élève", "INE", "Nom de l'élève", "Prénom 1", "Prénom 2", "Prénom 3",
    "Adresse de l'élève - Ligne 1", "Adresse de l'élève - Ligne 2", "Adresse de l'élève - Ligne 3",
    "Adresse de l'élève - Ligne 4", "Code postal", "VILLE", "PAYS", "Téléphone personnel",
    "Téléphone professionnel", "Téléphone portable", "Téléphone responsable 1", "Téléphone responsable 2",
    "Mail responsable 1", "Mail responsable 2", "Mnémonique MEF origine de l'élève",
    "Code Spécialité du MEF origine de l'élève", "Libellé formation origine de l'élève",
    "Code Option 1 d'origine de l'élève", "Libellé  Option 1 d'origine de l'élève",
    "Code Option 2 d'origine de l'élève", "Libellé Option 2 d'origine de l'élève",
    "Code LV1 d'origine de l'élève", "Libellé LV1 origine de l'élève", "Code LV2 d'origine de l'élève",
    "Libellé LV2 origine de l'élève", "Code UAI étab. origine", "Type étab. origine", "Libellé étab. origine",
    "Ville étab. origine", "Code UAI CIO origine", "Libellé CIO origine", "Rang du vœu",
    "Code offre de formation (vœu)", "Code MEF", "Avec barème ?", "Mnémonique MEF de l'offre de formation",
    "Code spécialité de l'offre de formation", "Libellé formation", "Code Enseignement Optionnel",
    "Libellé Enseignement Optionnel", "Dossier de candidature en internat demandé ?", "Code LV1 demandée",
    "Libellé  LV1 demandée", "Code LV2 demandée", "Libellé LV2 demandée", "Code UAI étab. Accueil",
    "Type étab. Accueil", "Libellé établissement Accueil", "Ville étab. Accueil", "clé ministère éducatif",
    "UAI CIO de l'établissement d'accueil",
]  # fmt: skip
NEW_HEADER = [
    "Académie possédant le dossier élève et l'offre de formation", *OLD_HEADER[1:55], "SIRET UAI gestionnaire",
    *OLD_HEADER[55:], "UAI Établissement formateur", "UAI Établissement responsable", "SIRET UAI formateur",
    "Libellé public établissement", "année scolaire rentrée",
]  # fmt: skip

PUPIL = {
    "Académie possédant le dossier élève": "Normandie",
    "Académie possédant le dossier élève et l'offre de formation": "Normandie",
    "INE": "123456789AB",
    "Nom de l'élève": "LEFÈVRE",
    "Prénom 1": "LÉA",
    "Prénom 2": "MARIE",
    "Adresse de l'élève - Ligne 1": "3 rue des Bons-Enfants",
    "Code postal": "76000",
    "VILLE": "ROUEN",
    "PAYS": "FRANCE",
    "Téléphone portable": "+33611111111",
    "Téléphone responsable 1": "+33622222222",
    "Mail responsable 1": "Parent@Famille.exemple",
    "Mnémonique MEF origine de l'élève": "3EME",
    "Libellé formation origine de l'élève": "3EME",
    "Code LV1 d'origine de l'élève": "AGL1",
    "Libellé LV1 origine de l'élève": "ANGLAIS LV1",
    "Code UAI étab. origine": "0760001A",
    "Type étab. origine": "COLLEGE",
    "Libellé étab. origine": "Collège Camille Saint-Saëns",
    "Rang du vœu": "1",
    "Code offre de formation (vœu)": "1A111111",
    "Code MEF": "24722124310",
    "Avec barème ?": "Non",
    "Libellé formation": "CAP CUISINE",
    "Code UAI étab. Accueil": "0761234B",
    "Libellé établissement Accueil": "CFA de Rouen",
    "Ville étab. Accueil": "ROUEN",
    "clé ministère éducatif": "-",
    "année scolaire rentrée": "2026",
}
CANDIDATE = {
    "Numéro candidat": "100001",
    "Nom": "Diallo",
    "Prénom": "Aminata",
    "Civilité": "Mme",
    "Date de naissance": "17/05/2007",
    "Numéro INE": "987654321CD",
    "Adresse mail": "aminata@jeune.exemple",
    "Téléphone mobile": "06 33 33 33 33",
    "Nationalité": "",
    "Ville de naissance": "",
    "Adresse 1": "8 quai du Havre",
    "Code postal": "76000",
    "Ville": "Rouen",
    "Pays": "France",
    "Rang du vœu": "1",
    "Code formation Parcoursup": "4242",
    "Libellé formation": "BTS Management en hôtellerie restauration",
    "UAI": "0761234B",
}


def affelnet_row(header: list[str] = NEW_HEADER, **changes: str) -> list[str]:
    """The pupil's row; `changes` are keyed by the short names of SHORT."""
    values = PUPIL | {SHORT[name]: value for name, value in changes.items()}
    return [values.get(column, "-") for column in header]


SHORT = {
    "ine": "INE",
    "last_name": "Nom de l'élève",
    "first_name": "Prénom 1",
    "second_name": "Prénom 2",
    "postcode": "Code postal",
    "city": "VILLE",
    "country": "PAYS",
    "phone": "Téléphone portable",
    "mail_1": "Mail responsable 1",
    "mail_2": "Mail responsable 2",
    "rank": "Rang du vœu",
    "offer": "Code offre de formation (vœu)",
    "mef": "Code MEF",
    "label": "Libellé formation",
    "uai": "Code UAI étab. Accueil",
    "cle_me": "clé ministère éducatif",
    "year": "année scolaire rentrée",
    "academy": "Académie possédant le dossier élève et l'offre de formation",
}


def candidate_row(**changes: str) -> list[str]:
    """`changes` are keyed by header, spaces as underscores."""
    values = CANDIDATE | {name.replace("_", " "): value for name, value in changes.items()}
    return [values[column] for column in CANDIDATE]


def write_csv(path: Path, header: list[str], rows: list[list[str]], *, encoding: str = "utf-8") -> Path:
    quoted = (";".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in (header, *rows))
    path.write_bytes(("\r\n".join(quoted) + "\r\n").encode(encoding))
    return path
