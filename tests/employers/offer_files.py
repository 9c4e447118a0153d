"""Small export files, built from one whole and valid offer."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from tests.employers.factories import make_siret

WHOLE: dict[str, Any] = {
    "identifier": {"partner_job_id": "job-1", "id": "6650", "partner_label": "France Travail"},
    "workplace": {
        "name": "Boulangerie Martin",
        "description": "Pains et gâteaux",
        "website": "https://martin.exemple.fr",
        "siret": make_siret(42),
        "brand": "Chez Martin",
        "legal_name": "MARTIN SARL",
        "size": "10-19",
        "location": {
            "address": "3 rue Jeanne-d’Arc 76000 Rouen",
            "geopoint": {"type": "Point", "coordinates": [1.0939, 49.4405]},
        },
        "domain": {"idcc": 843, "opco": "OPCO EP", "naf": {"code": "10.71C", "label": "Boulangerie"}},
    },
    "apply": {"url": "https://exemple.fr/offre/1", "phone": "02 35 00 00 01", "recipient_id": "partners_1"},
    "contract": {
        "start": "2026-09-01T00:00:00+02:00",
        "duration": 24,
        "type": ["Apprentissage"],
        "remote": "onsite",
    },
    "offer": {
        "title": "Apprenti boulanger",
        "description": "Vous apprenez à pétrir, à façonner et à cuire.",
        "rome_codes": ["D1102"],
        "target_diploma": {"european": "3", "label": "CAP"},
        "desired_skills": ["Ponctualité"],
        "to_be_acquired_skills": ["Pétrir"],
        "access_conditions": [],
        "publication": {"creation": "2026-05-04T08:00:00.000Z", "expiration": "2026-12-31T00:00:00.000Z"},
        "opening_count": 2,
        "status": "Active",
    },
    "is_delegated": True,
}
MISSING = object()


def an_offer(**changes: Any) -> dict[str, Any]:
    """The whole offer with changes by path, `__` for a dot; MISSING takes the key out."""
    offer = deepcopy(WHOLE)
    for path, value in changes.items():
        *branches, leaf = path.split("__")
        tree = offer
        for branch in branches:
            tree = tree[branch]
        if value is MISSING:
            del tree[leaf]
        else:
            tree[leaf] = value
    return offer


def numbered(number: int, **changes: Any) -> dict[str, Any]:
    return an_offer(**{"identifier__partner_job_id": f"job-{number}"} | changes)


def write_export(folder: Path, *offers: Any, name: str = "offres.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(list(offers)), encoding="utf-8")  # in ASCII: half characters can be written
    return path


def write_text(folder: Path, text: str, *, encoding: str = "utf-8", name: str = "offres.json") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path
