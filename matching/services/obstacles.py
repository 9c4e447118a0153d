"""What a run notes about whoever it served with nothing: the Obstacle of each person and of each offer."""

import numpy as np

from matching.engine import Parameters, Status
from matching.engine.arrays import Ints
from matching.engine.obstacles import Obstacle, is_open, relieve_offers, relieve_people
from matching.inputs import RunInputs
from matching.models import RunPerson

OF_STATUS = {
    Status.NO_WISHES: Obstacle.NO_WISHES,
    Status.NO_TRADES: Obstacle.NO_TRADES,
    Status.NO_PLACE: Obstacle.NO_PLACE,
    RunPerson.Status.CROWDED_OUT: Obstacle.TAKEN,
}


def obstacles_of_people(inputs: RunInputs, status: Ints, parameters: Parameters) -> Ints:
    """One row per person; NONE for those with proposals. `status` is that of RunPerson."""
    obstacle = np.full(len(status), Obstacle.NONE)
    for known, meaning in OF_STATUS.items():
        obstacle[status == known] = meaning
    rows = np.flatnonzero(status == Status.NO_OFFER)
    if len(rows):
        relief = relieve_people(inputs.people, inputs.wishes, inputs.offers, parameters, rows)
        obstacle[rows] = relief.binding()
    return obstacle


def obstacles_of_offers(inputs: RunInputs, exposure: Ints, parameters: Parameters) -> Ints:
    """One row per offer; NONE for those shown to somebody."""
    obstacle = np.full(len(exposure), Obstacle.NONE)
    rows = np.flatnonzero(exposure == 0)
    if len(rows):
        relief = relieve_offers(inputs.people, inputs.wishes, inputs.offers, parameters, rows)
        obstacle[rows] = relief.binding()
    obstacle[(exposure == 0) & ~is_open(inputs.offers, parameters)] = Obstacle.CLOSED
    return obstacle
