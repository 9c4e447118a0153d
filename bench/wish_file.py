"""Writes an Affelnet file of any size, the same for the same size and seed: `write_wishes(path, rows)`."""

import random
from pathlib import Path

HEADER = (
    "Académie possédant le dossier élève et l'offre de formation;INE;Nom de l'élève;Prénom 1;Prénom 2;Prénom 3;"
    "Adresse de l'élève - Ligne 1;Adresse de l'élève - Ligne 2;Code postal;VILLE;PAYS;Téléphone portable;"
    "Téléphone responsable 1;Téléphone responsable 2;Mail responsable 1;Mail responsable 2;"
    "Libellé formation origine de l'élève;Code LV1 d'origine de l'élève;Libellé LV1 origine de l'élève;"
    "Code UAI étab. origine;Type étab. origine;Libellé étab. origine;Ville étab. origine;Rang du vœu;"
    "Code offre de formation (vœu);Code MEF;Avec barème ?;Libellé formation;Code UAI étab. Accueil;"
    "Type étab. Accueil;Libellé établissement Accueil;Ville étab. Accueil;clé ministère éducatif;"
    "année scolaire rentrée"
).split(";")
TOWNS = (("76000", "ROUEN"), ("76600", "LE HAVRE"), ("14000", "CAEN"), ("50100", "CHERBOURG-EN-COTENTIN"))
NAMES = ("LEFEBVRE", "MARTIN", "LE GOFF", "DIALLO", "DUPONT-MOREL", "NGUYEN", "BENALI", "HÉBERT", "D'ARCY")
FIRST_NAMES = ("LÉA", "MOHAMED", "JEAN-PIERRE", "AMINATA", "CHLOÉ", "YANIS", "INÈS", "LUCAS")
TRAININGS = 400
WISHES_EACH = 4


def mef(training: int) -> str:
    return f"24{training:05d}431"


def write_wishes(path: Path, rows: int, *, rank_shift: int = 0, seed: int = 2026) -> Path:
    """`rank_shift` makes another version of the same file: every wish has another rank."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(line_of(HEADER))
        pupil: list[str] = []
        for number in range(rows):
            if number % WISHES_EACH == 0:
                pupil = pupil_of(rng, number // WISHES_EACH)
            stream.write(line_of([*pupil, *wish_of(rng, number % WISHES_EACH, rank_shift)]))
    return path


def line_of(cells: list[str] | tuple[str, ...]) -> str:
    return ";".join(f'"{cell}"' for cell in cells) + "\r\n"


def pupil_of(rng: random.Random, number: int) -> list[str]:
    postcode, town = rng.choice(TOWNS)
    return [
        "NORMANDIE", f"{number:09d}AB", f"{rng.choice(NAMES)} {chr(65 + number % 26)}", rng.choice(FIRST_NAMES), "-",
        "-", f"{rng.randint(1, 99)} rue de la République", "-", postcode, town, "FRANCE",
        f"+336{rng.randrange(10**8):08d}", f"+336{rng.randrange(10**8):08d}", "-", f"parent{number}@famille.exemple",
        "-", "3EME", "AGL1", "ANGLAIS LV1", "0760001A", "COLLEGE", "Collège Jean Moulin", town,
    ]  # fmt: skip


def wish_of(rng: random.Random, position: int, rank_shift: int) -> list[str]:
    training = (rng.randrange(TRAININGS // WISHES_EACH)) * WISHES_EACH + position
    return [
        str(position + 1 + rank_shift), f"1A{training:06d}", mef(training) + "0", "Non", f"CAP MÉTIER {training}",
        f"{760_000 + training:07d}B", "CFA", f"CFA numéro {training}", "ROUEN", "-", "2027",
    ]  # fmt: skip
