"""What a run leaves: its proposals, its offers and people, all of them or none."""

from dataclasses import asdict
from typing import Any

import numpy as np
from django.db import connection

from matching.copying import Nullable, copy_in
from matching.engine import Allocation, Parameters, Ranker, Ranking, Wishes
from matching.engine.arrays import Bools, Ints
from matching.inputs import RunInputs
from matching.models import Match, MatchRun, RunOffer, RunPerson
from matching.models.reasons import pack_reasons
from matching.services.obstacles import obstacles_of_offers, obstacles_of_people

# Takes the same hold of the rows as a foreign key would, all at once. Rows erased since the transaction began make it
# fail (a conflict: the run is done again); rows that are merely edited do not.
STILL_THERE = {
    RunPerson: "SELECT 1 FROM youth_youngperson WHERE id = ANY(%s::bigint[]) FOR KEY SHARE",
    RunOffer: "SELECT 1 FROM employers_offer WHERE id = ANY(%s::bigint[]) FOR KEY SHARE",
    Match: "SELECT 1 FROM youth_wish WHERE id = ANY(%s::bigint[]) FOR KEY SHARE",
}


class RowsErasedError(Exception):
    """A person, a wish or an offer of the run is no longer in the database."""


def store_results(
    run: MatchRun, inputs: RunInputs, ranker: Ranker, allocation: Allocation, has_candidate: Bools
) -> dict[str, Any]:
    """Write the rows, and return what the run itself has to say of them."""
    matches = describe(ranker, allocation)
    wishes = inputs.wishes.id[matches.wish_index]
    _write_matches(run, inputs, matches, allocation, wishes)
    _write_offers(run, inputs, allocation, ranker.parameters)
    _write_people(run, inputs, ranker.status_of(has_candidate), allocation.uncovered, ranker.parameters)
    _hold(RunPerson, inputs.people.id)
    _hold(RunOffer, inputs.offers.id)
    _hold(Match, np.unique(wishes))
    return {
        "match_count": len(allocation),
        "people_with_offer": len(np.unique(allocation.person_index)),
        "bound": asdict(allocation.bound),
    }


def describe(ranker: Ranker, allocation: Allocation) -> Ranking:
    """The reasons of the pairs, in their order."""
    place = np.empty(int(ranker.index.rows.max(initial=-1)) + 1, dtype=np.int64)
    place[ranker.index.rows] = np.arange(len(ranker.index))
    person = np.argsort(ranker.seekers.people_rows)
    return ranker.describe(person[allocation.person_index], place[allocation.offer_index])


def _write_matches(run: MatchRun, inputs: RunInputs, matches: Ranking, allocation: Allocation, wishes: Ints) -> None:
    copy_in(
        Match,
        run=run.pk,
        young_person=inputs.people.id[allocation.person_index],
        offer=inputs.offers.id[allocation.offer_index],
        wish=wishes,
        rank=allocation.rank,
        score=allocation.score,
        distance_m=Nullable(matches.distance_m, matches.distance_m >= 0),
        reasons=packed_reasons(inputs.wishes, matches),
    )


def packed_reasons(wishes: Wishes, matches: Ranking) -> Ints:
    packed: Ints = pack_reasons(
        rome=matches.rome_kind.astype(np.int32),
        level=matches.level_kind.astype(np.int32),
        date=matches.date_kind.astype(np.int32),
        via=matches.via.astype(np.int32),
        variety=matches.variety.astype(np.int32),
        rank=wishes.rank[matches.wish_index].astype(np.int32),
        age=matches.age_days.astype(np.int32),
    )
    return packed


def _write_offers(run: MatchRun, inputs: RunInputs, allocation: Allocation, parameters: Parameters) -> None:
    copy_in(
        RunOffer,
        run=run.pk,
        offer=inputs.offers.id,
        budget=allocation.budget,
        exposure=allocation.exposure,
        price=allocation.price,
        obstacle=obstacles_of_offers(inputs, allocation.exposure, parameters),
    )


def _write_people(run: MatchRun, inputs: RunInputs, status: Ints, uncovered: Ints, parameters: Parameters) -> None:
    status[uncovered] = RunPerson.Status.CROWDED_OUT
    obstacle = obstacles_of_people(inputs, status, parameters)
    copy_in(RunPerson, run=run.pk, young_person=inputs.people.id, status=status, obstacle=obstacle)


def _hold(model: type[Match] | type[RunOffer] | type[RunPerson], ids: Ints) -> None:
    with connection.cursor() as cursor:
        cursor.execute(STILL_THERE[model], ["{" + ",".join(map(str, ids.tolist())) + "}"])
        if cursor.rowcount != len(ids):
            raise RowsErasedError
