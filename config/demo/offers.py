"""An invented offers file in the national export's shape."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from stdnum import luhn

from config.demo.catalogue import RegionPlan, Town
from config.demo.names import FAMILY_STEMS, LAST_NAMES, STREETS, last_name

LABELS = ("La bonne alternance", "France Travail", "Diffuseur de démonstration")
EMPLOYERS_PER_OFFER = 0.6
DESK_TRADES = {"E", "M"}  # ROME families where working from home means something


def national_offers(plan: RegionPlan, count: int, now: datetime, random: Random) -> Iterator[dict[str, Any]]:
    """Trades as often as wishes ask for them, employers from one offer to dozens."""
    demand = Counter(code for course in plan.courses for code in course.rome_codes)
    codes, weights = sorted(demand), [demand[code] for code in sorted(demand)]
    trades = random.choices(codes, weights, k=int(count * EMPLOYERS_PER_OFFER))
    employers = [_employer(plan, number, code, random) for number, code in enumerate(trades)]
    for number in range(count):
        employer = employers[min(int(random.expovariate(3) * len(employers)), len(employers) - 1)]
        yield _offer(plan, number, employer, now, random)


def _employer(plan: RegionPlan, number: int, code: str, random: Random) -> dict[str, Any]:
    return {
        "siret": siret(int(plan.cell.region_id) * 100_000 + number),
        "code": code,
        "name": f"{FAMILY_STEMS[code[0]]} {last_name(random.choice(LAST_NAMES))}",
        "street": random.choice(STREETS),
        "town": plan.town(random),
    }


def _offer(plan: RegionPlan, number: int, employer: dict[str, Any], now: datetime, random: Random) -> dict[str, Any]:
    code = employer["code"]
    label = random.choice(LABELS)
    created = now - timedelta(days=random.randint(0, 50), hours=random.randint(0, 23))
    level = random.choice((None, None, None, "3", "4", "5", "6"))
    return {
        "identifier": {"partner_job_id": f"{plan.cell.region_id}-{number}", "id": None, "partner_label": label},
        "workplace": _workplace(employer, random),
        "apply": {"url": f"https://offres.exemple/{plan.cell.region_id}/{number}", "phone": None, "recipient_id": None},
        "contract": {
            "start": (now + timedelta(days=random.randint(10, 300))).date().isoformat() + "T00:00:00.000Z",
            "duration": random.choice((12, 24, 36, None)),
            "type": ["Apprentissage"] if random.random() < 0.7 else ["Apprentissage", "Professionnalisation"],
            "remote": random.choice(("hybrid", "remote", "onsite", None)) if code[0] in DESK_TRADES else "onsite",
        },
        "offer": {
            "title": f"Apprenti(e) – {plan.occupation_labels[code]}",
            "description": "Vous apprenez le métier avec une petite équipe et un maître d’apprentissage présent. "
            "Débutants bienvenus ; permis apprécié, sans être demandé.",
            "rome_codes": [code],
            "target_diploma": level and {"european": level, "label": f"Niveau {level}"},
            "desired_skills": ["Ponctualité", "Esprit d’équipe"],
            "to_be_acquired_skills": [],
            "access_conditions": [],
            "publication": {"creation": created.isoformat(), "expiration": (created + timedelta(days=70)).isoformat()},
            "opening_count": random.choices((1, 2, 3, 5), (80, 12, 6, 2))[0],
            "status": "Active",
        },
        "is_delegated": False,
    }


def _workplace(employer: dict[str, Any], random: Random) -> dict[str, Any]:
    town: Town = employer["town"]
    return {
        "name": employer["name"],
        "description": None,
        "website": None,
        "siret": employer["siret"],
        "brand": None,
        "legal_name": employer["name"].upper(),
        "size": random.choice(("1-2", "3-5", "6-9", "10-19", "20-49", None)),
        "location": {
            "address": f"{random.randint(1, 60)} {employer['street']} {town.postcode} {town.name}",
            "geopoint": {"type": "Point", "coordinates": [town.longitude, town.latitude]},
        },
        "domain": {"idcc": None, "opco": None, "naf": None},
    }


def siret(number: int) -> str:
    """An invented SIRET whose check digits are right."""
    siren = f"{number:08d}"
    siren += luhn.calc_check_digit(siren)
    return siren + "0001" + luhn.calc_check_digit(siren + "0001")
