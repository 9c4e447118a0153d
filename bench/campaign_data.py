"""People, wishes and offers enough for a campaign, written straight into a scratch database."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from cells.models import Cell, Occupation, Region
from employers.models import Employer, Offer, OfferOccupation
from matching.models import MatchRun
from matching.run_settings import RunSettings
from matching.workflow import RunState
from youth.models import Wish, YoungPerson
from youth.models.wishes import school_year_in_course

OFFERS = 5
BATCH = 5_000
TRADE = "G1602"
ROWS = 160  # towns of the grid they live on, some 20 km apart
STEP = 0.2


def place(number: int) -> dict[str, float]:
    return {"latitude": 40 + number % ROWS * STEP / 2, "longitude": -5 + number // ROWS % ROWS * STEP}


def fill(people_count: int) -> MatchRun:
    region = Region.objects.create(code="00", name="Banc")
    cell = Cell.objects.create(name="Cellule Banc", region=region, reply_to="cellule@exemple.fr", phone="0102030405")
    now = timezone.now()
    parameters = RunSettings.resolve(timezone.localdate(), {}).to_json()
    run = MatchRun.objects.create(cell=cell, state=RunState.DONE, finished_at=now, parameters=parameters)
    employers = Employer.objects.bulk_create(
        Employer(source_key=f"banc-{number}", name=f"L’Épi d’or {number}") for number in range(500)
    )
    offers = Offer.objects.bulk_create(
        Offer(
            employer=employers[number % 500], partner_label="banc", partner_job_id=str(number),
            title=f"Apprenti cuisinier n° {number}", description="Vous apprenez le métier. " * 40,
            contract_types=["Apprentissage"], address=f"{number} rue des Écoles 76000 Rouen",
            published_at=now - timedelta(days=number % 30), starts_on=(now + timedelta(days=60)).date(),
            **place(number),
        )
        for number in range(people_count)
    )  # fmt: skip
    people = YoungPerson.objects.bulk_create(
        (
            YoungPerson(
                cell=cell, ine=f"{number:010d}A", last_name="Banc", first_name=f"Élodie{number}",
                email=f"jeune{number}@exemple.fr", **place(number),
            )
            for number in range(people_count)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    fill_wishes(people, offers)
    return run


def fill_wishes(people: list[YoungPerson], offers: list[Offer]) -> None:
    """One trade for all: everybody may be shown every offer around."""
    year = school_year_in_course(timezone.localdate())
    trade = Occupation.objects.create(code=TRADE, label="Personnel de cuisine")
    OfferOccupation.objects.bulk_create(
        (OfferOccupation(offer=offer, occupation=trade) for offer in offers), batch_size=BATCH
    )
    Wish.objects.bulk_create(
        (
            Wish(
                young_person=person, source="affelnet", school_year=year, external_key="1", rank=1,
                label="CAP Cuisine", occupation=trade,
            )
            for person in people
        ),
        batch_size=BATCH,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
