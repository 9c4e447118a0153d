"""The groups a run's report compares, from what the files know and nothing else."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import Ints
from matching.inputs import adults_born_by, positions_in
from youth.models import YoungPerson

# INSEE counts a built-up area as urban from 2,000 inhabitants on; communes are all our data knows.
SMALL_TOWN, TOWN = 2_000, 20_000


def read_groups(people_ids: Ints, today: date) -> Mapping[str, npt.NDArray[np.str_]]:
    """One label per person and axis, empty when unknown. `people_ids` rises. One query.

    Sex and disability are not in the files, hence not here.
    """
    labels = {axis: np.full(len(people_ids), "", dtype="U12") for axis in ("department", "age", "town")}
    wanted = YoungPerson.objects.filter(pk__in=people_ids.tolist()).order_by("pk")
    rows = list(wanted.values_list("pk", "birth_date", "commune__department", "commune__population"))
    places, known = positions_in(people_ids, np.array([row[0] for row in rows], dtype=np.int64))
    for place, (_, born, department, inhabitants) in zip(places[known].tolist(), rows, strict=True):
        labels["department"][place] = department or ""
        labels["age"][place] = age_label(born, today)
        labels["town"][place] = town_label(inhabitants)
    return labels


def age_label(born: date | None, today: date) -> str:
    if born is None:
        return ""
    return "minor" if born > adults_born_by(today) else "adult"


def town_label(inhabitants: int | None) -> str:
    """The size of the commune of residence; empty when the commune, or how many live there, is unknown."""
    if not inhabitants:
        return ""
    if inhabitants < SMALL_TOWN:
        return "village"
    return "town" if inhabitants < TOWN else "city"
