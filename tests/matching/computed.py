"""Runs carried out on the spot, and something for them to find."""

import json

from cells.scoping import NOBODY
from matching.services.runs import execute_run, request_run
from tests.employers.factories import OfferFactory
from tests.youth.factories import WishFactory, YoungPersonFactory


def cooks_before_kitchens(cell):
    """Five who want to cook in Rouen, and six kitchens there."""
    people = YoungPersonFactory.create_batch(5, cell=cell, in_rouen=True)
    for person in people:
        WishFactory(young_person=person)
    OfferFactory.create_batch(6)
    return people


def run_for(cell, **parameters):
    run = request_run(cell=cell, by=NOBODY, parameters=parameters)
    execute_run(run.pk)
    run.refresh_from_db()
    return run


def rows_of(run):
    """Everything a run wrote, as text."""
    matches = ("young_person_id", "offer_id", "wish_id", "rank", "score", "distance_m", "reasons")
    rows = [
        *run.matches.order_by("young_person", "rank").values_list(*matches),
        *run.offers.order_by("offer").values_list("offer_id", "budget", "exposure", "price"),
        *run.people.order_by("young_person").values_list("young_person_id", "status"),
    ]
    return [json.dumps(row) for row in rows]
