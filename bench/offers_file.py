"""Writes a national export of any size, the same for the same size and seed: `write_offers(path, count)`."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stdnum import luhn

SENTENCES = (
    "Vous rejoignez une petite équipe qui prend le temps de transmettre son métier.",
    "Vos missions : accueillir les clients, préparer les commandes, tenir le poste propre.",
    "Le rythme est d’une semaine en formation pour trois semaines en entreprise.",
    "Aucune expérience n’est demandée, la motivation compte davantage.",
    "Des déplacements dans le département sont à prévoir, le véhicule est fourni.",
    "L’entreprise prend en charge les repas et la moitié des transports.",
)
TITLES = ("Apprenti cuisinier", "Apprentie vendeuse", "Électricien en alternance", "Assistant comptable", "Mécanicien")
ROME = ("G1602", "D1106", "F1602", "M1203", "I1604", "K1304", "D1102", "H2503")
TOWNS = (
    ("76000 Rouen", 49.44, 1.09), ("35000 Rennes", 48.11, -1.68), ("14000 Caen", 49.18, -0.37),
    ("29200 Brest", 48.39, -4.49), ("50100 Cherbourg-en-Cotentin", 49.64, -1.62), ("22000 Saint-Brieuc", 48.51, -2.77),
)  # fmt: skip


def siret(number: int) -> str:
    siren = f"{10_000_000 + number:08d}"
    siren += luhn.calc_check_digit(siren)
    start = siren + "0001"
    return start + luhn.calc_check_digit(start)


def offers(count: int, seed: int = 2026) -> Iterator[dict[str, Any]]:
    rng = random.Random(seed)
    for number in range(count):
        yield offer(rng, number, rng.randrange(max(count // 3, 1)))


def offer(rng: random.Random, number: int, employer: int) -> dict[str, Any]:
    town, latitude, longitude = rng.choice(TOWNS)
    month, day = rng.randint(6, 11), rng.randint(1, 28)
    name = f"Maison {employer}"
    return {
        "identifier": {"partner_job_id": f"job-{number}", "id": f"{number:024x}", "partner_label": "France Travail"},
        "workplace": {
            "name": name, "description": None, "website": None, "siret": siret(employer), "brand": None,
            "legal_name": f"{name} SARL", "size": "10-19",
            "location": {
                "address": f"{rng.randint(1, 90)} rue de la République {town}",
                "geopoint": {
                    "type": "Point",
                    "coordinates": [longitude + rng.gauss(0, 0.1), latitude + rng.gauss(0, 0.1)],
                },
            },
            "domain": {"idcc": 1501, "opco": "AKTO", "naf": {"code": "56.10A", "label": "Restauration"}},
        },
        "apply": {
            "url": f"https://candidat.exemple.fr/offres/{number}",
            "phone": f"02{rng.randrange(10**8):08d}",
            "recipient_id": f"partners_{number}",
        },
        "contract": {
            "start": f"2026-{month:02d}-{day:02d}T00:00:00.000Z", "duration": rng.choice([12, 24, None]),
            "type": ["Apprentissage"], "remote": "onsite",
        },
        "offer": {
            "title": rng.choice(TITLES), "description": " ".join(rng.choices(SENTENCES, k=6)),
            "rome_codes": rng.sample(ROME, rng.randint(1, 3)),
            "target_diploma": rng.choice([None, {"european": "3", "label": "CAP"}]),
            "desired_skills": ["Ponctualité"], "to_be_acquired_skills": [], "access_conditions": [],
            "publication": {"creation": f"2026-05-{day:02d}T08:00:00.000Z", "expiration": "2027-05-01T00:00:00.000Z"},
            "opening_count": rng.randint(1, 3), "status": "Active",
        },
        "is_delegated": False,
    }  # fmt: skip


def write_offers(path: Path, count: int, seed: int = 2026) -> None:
    """The shape of the national export: {"jobs": [...], "recruiters": [], "warnings": []}."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"jobs": [')
        for number, values in enumerate(offers(count, seed)):
            file.write(",\n" if number else "\n")
            json.dump(values, file, ensure_ascii=False)
        file.write('\n], "recruiters": [], "warnings": []}\n')
