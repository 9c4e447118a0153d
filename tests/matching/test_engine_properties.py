"""What holds of every ranking: it is the oracle's, in every shape it can be asked for, and better never costs."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.engine import OfferIndex, Parameters, Ranker, Seekers, Shard, merge, rank
from matching.engine.parameters import PRICE_SCALE
from matching.engine.ranking import PAIR_COLUMNS
from matching.engine.scoring import PARTS
from tests.matching.engine_crowds import crowd
from tests.matching.engine_oracle import (
    TODAY,
    arrays,
    cases,
    cut,
    lists_of,
    offer,
    people_lists,
    person,
    ranked_lists,
    settings_of_runs,
    varied,
    wish,
)

EVERY_OFFER = 1000
quick = settings(deadline=None, suppress_health_check=list(HealthCheck))
thorough = settings(quick, max_examples=3 * quick.max_examples)
crowds = st.integers(0, 10**9).map(crowd)


def ranker_of(tables, parameters):
    people, wishes, offers = tables
    return Ranker(Seekers.sort(people, wishes, parameters), OfferIndex.build(offers, parameters), parameters)


def named(ranker, lists, people=None):
    """Person id → (offer id, score) of each row of `Lists`."""
    rows = range(len(ranker.seekers.people)) if people is None else people
    jobs = ranker.index.offers.id[lists.offer].tolist()
    pairs = list(zip(jobs, lists.score.tolist(), strict=True))
    bounds = lists.first.tolist()
    return {int(ranker.seekers.people.id[row]): pairs[bounds[i] : bounds[i + 1]] for i, row in enumerate(rows)}


def employers(case):
    return {row["id"]: row["employer"] for row in case[2]}


def by_id(ranking, people, wishes, offers):
    """Every column, with rows named by id instead of place: what must not depend on row order."""
    columns = {name: getattr(ranking, name).copy() for name in PAIR_COLUMNS}
    columns["person_index"] = people.id[ranking.person_index]
    columns["wish_index"] = wishes.id[ranking.wish_index]
    columns["offer_index"] = offers.id[ranking.offer_index]
    columns["status"] = ranking.status[np.argsort(people.id)]
    return {name: (column.dtype, column.tobytes()) for name, column in columns.items()}


def shuffled(case, rng):
    return tuple(rng.sample(rows, len(rows)) for rows in case)


# --- the same as the oracle ------------------------------------------------------------------------------


def assert_top_is_the_oracles(case, parameters):
    tables = arrays(case)
    found = lists_of(rank(*tables, parameters).top(), *tables)
    for who, rows in ranked_lists(case, parameters).items():
        assert found.get(who, []) == cut(rows, employers(case), parameters.k, parameters.per_employer)


@thorough
@given(cases(), settings_of_runs)
def test_the_top_is_that_of_the_oracle(case, parameters):
    assert_top_is_the_oracles(case, parameters)


@quick
@given(crowds, settings_of_runs)
def test_the_top_of_a_crowd_is_that_of_the_oracle(case, parameters):
    assert_top_is_the_oracles(case, parameters)


@thorough
@given(cases() | crowds, settings_of_runs, st.integers(1, 40), st.integers(1, 5))
def test_lists_of_any_depth_are_those_of_the_oracle(case, parameters, depth, per_employer):
    ranker = ranker_of(arrays(case), parameters)
    found = named(ranker, ranker.lists(depth, per_employer))
    for who, rows in ranked_lists(case, parameters).items():
        assert found[who] == [row[:2] for row in cut(rows, employers(case), depth, per_employer)]


@quick
@given(cases() | crowds, settings_of_runs)
def test_everything_is_every_candidate_best_first(case, parameters):
    ranker = ranker_of(arrays(case), parameters)
    found = named(ranker, ranker.everything(np.arange(len(case[0]))))
    assert found == {who: [row[:2] for row in rows] for who, rows in ranked_lists(case, parameters).items()}


def priced(rows, prices):
    """The oracle's list once offers cost something: among equal worths the nearest, then the lowest id."""

    def place(row):
        job, score, metres = row[:3]
        return prices[job] - score * PRICE_SCALE, metres < 0, metres, job

    return sorted(rows, key=place)


@quick
@given(cases() | crowds, settings_of_runs, st.integers(1, 40), st.integers(1, 5), st.integers(0, 10**9))
def test_priced_lists_are_those_of_the_oracle(case, parameters, depth, per_employer, seed):
    ranker, rng = ranker_of(arrays(case), parameters), random.Random(seed)
    prices = {row["id"]: rng.choice([0, 1, rng.randrange(1500)]) * rng.choice([1, PRICE_SCALE]) for row in case[2]}
    column = np.array([prices[job] for job in ranker.index.offers.id.tolist()], dtype=np.int64)
    found = named(ranker, ranker.lists(depth, per_employer, prices=column))
    for who, rows in ranked_lists(case, parameters).items():
        expected = cut(priced(rows, prices), employers(case), depth, per_employer)
        assert found[who] == [row[:2] for row in expected]


@quick
@given(cases() | crowds, settings_of_runs, st.integers(1, 6))
def test_an_offer_finds_the_people_of_the_oracle(case, parameters, k):
    tables = arrays(case)
    ranker, offers = ranker_of(tables, parameters), tables[2]
    expected = people_lists(case, parameters)
    for row, job in enumerate(offers.id.tolist()):
        people, scores = ranker.people_for(offers, row, k)
        assert list(zip(people_ids(ranker, people), scores.tolist(), strict=True)) == expected[job][:k]


@quick
@given(cases() | crowds, settings_of_runs)
def test_both_directions_know_the_same_pairs_and_base_scores(case, parameters):
    tables = arrays(case)
    ranker, (people, _, offers) = ranker_of(tables, parameters), tables
    found = {}
    for row, job in enumerate(offers.id.tolist()):
        reached, scores = ranker.people_for(offers, row, len(people) or 1)
        found |= {(who, job): score for who, score in zip(people_ids(ranker, reached), scores.tolist(), strict=True)}
    assert found == bases_of(case, parameters)


def people_ids(ranker, rows):
    return ranker.seekers.people.id[rows].tolist()


@quick
@given(cases() | crowds, settings_of_runs)
def test_the_reasons_of_a_pair_add_up_to_its_score(case, parameters):
    ranking = rank(*arrays(case), parameters)
    assert (ranking.parts.sum(axis=1) == ranking.score).all()
    assert (ranking.score <= parameters.weights.highest()).all()
    assert set(ranking.parts[:, PARTS.index("variety")].tolist()) <= {0, parameters.weights.variety}


# --- the same whatever the shape of the question ---------------------------------------------------------


@quick
@given(cases() | crowds, settings_of_runs, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(case, parameters, rng):
    first, second = arrays(case), arrays(shuffled(case, rng))
    assert by_id(rank(*first, parameters), *first) == by_id(rank(*second, parameters), *second)


@quick
@given(cases() | crowds, settings_of_runs, st.integers(1, 4))
def test_shards_of_people_merge_into_the_whole(case, parameters, count):
    people, wishes, offers = arrays(case)
    shards = []
    for part in range(count):
        rows = np.flatnonzero(np.arange(len(people)) % count == part)
        wish_rows = np.flatnonzero(wishes.person_index % count == part)
        mine = wishes.take(wish_rows)
        mine.person_index[:] //= count
        ranking = rank(people.take(rows), mine, offers, parameters)
        shards.append(Shard(ranking, rows, wish_rows, np.arange(len(offers))))
    whole, merged = rank(people, wishes, offers, parameters), merge(shards, people)
    assert by_id(merged, people, wishes, offers) == by_id(whole, people, wishes, offers)


@quick
@given(crowds, settings_of_runs, st.sampled_from([2, 3, 4]))
def test_threads_change_nothing(case, parameters, threads):
    tables = arrays(case)
    one, many = rank(*tables, parameters), rank(*tables, parameters, threads=threads)
    assert by_id(one, *tables) == by_id(many, *tables)


@quick
@given(crowds, settings_of_runs, st.integers(1, 20), st.randoms(use_true_random=False))
def test_some_people_asked_alone_get_the_same_lists(case, parameters, depth, rng):
    ranker = ranker_of(arrays(case), parameters)
    whole = named(ranker, ranker.lists(depth, parameters.per_employer))
    some = np.array(rng.sample(range(len(case[0])), rng.randint(0, len(case[0]))), dtype=np.int64)
    alone = named(ranker, ranker.lists(depth, parameters.per_employer, people=some), some.tolist())
    assert alone == {who: whole[who] for who in alone}


@quick
@given(cases() | crowds, settings_of_runs)
def test_a_ready_index_gives_the_same_ranking(case, parameters):
    tables = arrays(case)
    index = OfferIndex.build(tables[2], parameters)
    assert by_id(rank(*tables, parameters, index=index), *tables) == by_id(rank(*tables, parameters), *tables)


# --- better never costs ----------------------------------------------------------------------------------


def improved(job, who, how):
    """The same offer, better in one respect."""
    match how:
        case "closer":
            return job | {"place": who["place"]}
        case "fresher":
            return job | {"published": TODAY}
        case "sooner":
            return job | {"from": TODAY}
        case "every trade":
            return job | {"rome": ["F1601"]}


@pytest.mark.parametrize("how", ["closer", "fresher", "sooner", "every trade"])
@quick
@given(cases() | crowds, settings_of_runs, st.randoms(use_true_random=False))
def test_a_better_offer_never_falls(how, case, parameters, rng):
    offers = case[2]
    if not offers:
        return
    who = person(id=1, radius=300)
    wishes = [row | {"person": 1} for row in case[1]] if how != "every trade" else [wish(rome=["F1601"])]
    chosen = rng.choice(offers)
    better = [improved(job, who, how) if job is chosen else job for job in offers]
    before, after = (places_in(([who], wishes, jobs), parameters, chosen) for jobs in (offers, better))
    assert after <= before


def places_in(case, parameters, job):
    """Where the offer stands in the list of the only person; after everything else when it does not."""
    ranker = ranker_of(arrays(case), parameters)
    (rows,) = named(ranker, ranker.lists(parameters.k, parameters.per_employer)).values()
    jobs = [row[0] for row in rows]
    return jobs.index(job["id"]) if job["id"] in jobs else EVERY_OFFER


@quick
@given(crowds, settings_of_runs, st.integers(1, 12))
def test_a_better_wish_rank_never_lowers_a_base_score(case, parameters, rank_before):
    people, wishes, offers = case
    worse = [row | {"rank": rank_before + 1} for row in wishes]
    better = [row | {"rank": rank_before} if number == 0 else row for number, row in enumerate(worse)]
    before, after = (bases_of((people, rows, offers), parameters) for rows in (worse, better))
    assert before.keys() == after.keys()
    assert all(after[pair] >= score for pair, score in before.items())


def bases_of(case, parameters):
    """(person id, offer id) → base score, as the engine explains it."""
    tables = arrays(case)
    ranker = ranker_of(tables, parameters)
    lists = ranker.everything(np.arange(len(tables[0])))
    ranking = ranker.describe(lists.owners(), lists.offer)
    base = ranking.score - ranking.parts[:, PARTS.index("variety")]
    ids = tables[0].id[ranking.person_index].tolist(), tables[2].id[ranking.offer_index].tolist()
    return dict(zip(zip(*ids, strict=True), base.tolist(), strict=True))


# --- variety ---------------------------------------------------------------------------------------------


@quick
@given(cases() | crowds, settings_of_runs)
def test_the_bonus_goes_to_the_best_offers_of_the_wished_domains(case, parameters):
    people, _, offers = tables = arrays(case)
    ranker = ranker_of(tables, parameters)
    lists = ranker.everything(np.arange(len(people)))
    ranking = ranker.describe(lists.owners(), lists.offer)
    marked = ranking.parts[:, PARTS.index("variety")] > 0
    found = zip(
        people.id[ranking.person_index[marked]].tolist(), offers.id[ranking.offer_index[marked]].tolist(), strict=True
    )
    hopes = {who["id"]: [hope for hope in case[1] if hope["person"] == who["id"]] for who in case[0]}
    expected = {(who["id"], job) for who in case[0] for job in varied(who, hopes[who["id"]], case[2], parameters)}
    assert set(found) == (expected if parameters.weights.variety else set())


def test_someone_who_wishes_several_trades_is_shown_each_of_them():
    trades = ["F1601", "M1805", "K1304", "G1602", "N1103"]
    hopes = [wish(id=i, rank=i, rome=[code]) for i, code in enumerate(trades, start=1)]
    offers = [offer(id=10 * i + j, employer=10 * i + j, rome=[code]) for i, code in enumerate(trades) for j in range(9)]
    tables = arrays(([person()], hopes, offers))
    ranking = rank(*tables, Parameters(today=TODAY)).top()
    assert tables[2].id[ranking.offer_index].tolist()[:5] == [0, 10, 20, 30, 40]


def test_the_best_offer_of_two_domains_gets_its_bonus_once():
    both = offer(id=1, rome=["F1601", "M1805"])
    ranking = rank(*arrays(([person()], [wish(rome=["F1601", "M1805"])], [both])), Parameters(today=TODAY))
    assert ranking.parts[0].tolist()[-1] == Parameters(today=TODAY).weights.variety
