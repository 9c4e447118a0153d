"""The engine's rules once more, as slow plain Python over dictionaries, and random small cases."""

import math
from collections import Counter, defaultdict

import numpy as np
from hypothesis import strategies as st

from matching.engine import NO_DAY, Offers, Parameters, People, Ragged, Via, Weights, Wishes, encode_rome, level_mask

TODAY = 20_700
CODES = ["F1601", "F1602", "F1664", "F1699", "F1703", "M1805"]
CENTRES = [(48.85, 2.35), (0.0, 179.98), (0.0, -179.98), (89.95, 10.0), (89.95, -170.0), (-90.0, 0.0)]


def person(**values):
    basis = {"id": 1, "place": (48.85, 2.35), "radius": 30, "minor": False, "from": NO_DAY, "excluded": []}
    return basis | values


def wish(**values):
    basis = {"id": 1, "person": 1, "rank": 1, "level": 3, "site": None, "rome": ["F1601"]}
    return basis | values


def offer(**values):
    basis = {
        "id": 1, "place": (48.85, 2.35), "employer": 1, "rome": ["F1601"], "levels": [3], "from": NO_DAY,
        "to": NO_DAY, "positions": 1, "remote": False, "minors": True, "published": NO_DAY, "expires": NO_DAY,
    }  # fmt: skip
    return basis | values


def people_of(rows):
    return People(
        id=[row["id"] for row in rows], **places(rows, "place", "lat", "lon"),
        radius_km=[math.nan if row["radius"] is None else row["radius"] for row in rows],
        is_minor=[row["minor"] for row in rows], available_from=[row["from"] for row in rows],
        excluded_employers=Ragged.of(row["excluded"] for row in rows),
    )  # fmt: skip


def wishes_of(rows, people):
    row_of = {row["id"]: index for index, row in enumerate(people)}
    return Wishes(
        id=[row["id"] for row in rows], person_index=[row_of[row["person"]] for row in rows],
        rank=[row["rank"] for row in rows], level=[row["level"] for row in rows],
        **places(rows, "site", "site_lat", "site_lon"), rome=romes(rows),
    )  # fmt: skip


def offers_of(rows):
    columns = {
        "id": "id", "employer": "employer", "start_from": "from", "start_to": "to", "positions": "positions",
        "remote": "remote", "minors_allowed": "minors", "published": "published", "expires": "expires",
    }  # fmt: skip
    return Offers(
        **{name: [row[key] for row in rows] for name, key in columns.items()},
        **places(rows, "place", "lat", "lon"),
        rome=romes(rows),
        levels=[level_mask(row["levels"]) for row in rows],
    )


def places(rows, key, lat, lon):
    known = [row[key] or (math.nan, math.nan) for row in rows]
    return {lat: np.array([place[0] for place in known]), lon: np.array([place[1] for place in known])}


def romes(rows):
    return Ragged.of([encode_rome(code) for code in row["rome"]] for row in rows)


def arrays(case):
    people, wishes, offers = case
    return people_of(people), wishes_of(wishes, people), offers_of(offers)


# --- the rules -------------------------------------------------------------------------------------------


def distance_m(a, b):
    phi, psi = math.radians(a[0]), math.radians(b[0])
    turn = math.radians(b[1] - a[1])
    square = math.sin((psi - phi) / 2) ** 2 + math.cos(phi) * math.cos(psi) * math.sin(turn / 2) ** 2
    return round(2 * 6_371_008.8 * math.asin(math.sqrt(min(1.0, square))))


def ways(who, hope, job, parameters):
    """(way, metres) by which the offer is within reach of this wish."""
    radius = parameters.default_radius_km if who["radius"] is None else who["radius"]
    circles = [(Via.HOME, who["place"], radius), (Via.SITE, hope["site"], parameters.site_radius_km)]
    for via, centre, reach in circles:
        if centre and job["place"] and distance_m(centre, job["place"]) <= reach * 1000:
            yield via, distance_m(centre, job["place"])
    if job["remote"]:
        yield Via.REMOTE, math.inf


def passes(who, job, parameters):
    ready = max(who["from"], parameters.today)
    return (
        job["positions"] > 0
        and (job["expires"] == NO_DAY or job["expires"] >= parameters.today)
        and (job["minors"] or not who["minor"])
        and job["employer"] not in who["excluded"]
        and (job["to"] == NO_DAY or job["to"] >= ready)
    )


def level_score(hope, job, weights):
    """None when the level refuses the pair."""
    if not job["levels"] or not hope["level"]:
        return weights.level_open
    gap = min(abs(hope["level"] - level) for level in job["levels"])
    return {0: weights.level_exact, 1: weights.level_near}.get(gap)


def rome_score(hope, job, weights):
    if set(hope["rome"]) & set(job["rome"]):
        return weights.rome_exact
    return weights.rome_domain if domains(hope) & domains(job) else None


def domains(row):
    return {code[:3] for code in row["rome"]}


def rank_score(hope, weights):
    return max(0, weights.rank_first - weights.rank_step * (hope["rank"] - 1)) if hope["rank"] else weights.rank_none


def date_score(who, job, parameters):
    weights = parameters.weights
    if job["from"] == NO_DAY and job["to"] == NO_DAY:
        return weights.date_unknown
    return max(0, weights.date_fits - max(0, job["from"] - max(who["from"], parameters.today)) // weights.date_days)


def fresh_score(job, parameters):
    if job["published"] == NO_DAY:
        return 0
    weights = parameters.weights
    return max(0, weights.fresh - max(0, parameters.today - job["published"]) // weights.fresh_days)


def distance_score(metres, job, weights):
    reach = weights.distance_reach_m
    near = 0 if metres >= reach else (reach - metres) * weights.distance // reach
    return max(near, weights.distance_remote if job["remote"] else 0)


def best_way(who, hopes, job, parameters):
    """(−base score, metres, wish id, way) of the best way for the two to meet, None without any."""
    if not passes(who, job, parameters):
        return None
    weights, found = parameters.weights, []
    for hope in hopes:
        level, rome = level_score(hope, job, weights), rome_score(hope, job, weights)
        if level is None or rome is None:
            continue
        fixed = rank_score(hope, weights) + rome + level + date_score(who, job, parameters)
        fixed += fresh_score(job, parameters)
        for via, metres in ways(who, hope, job, parameters):
            found.append((-fixed - distance_score(metres, job, weights), metres, hope["id"], via))
    return min(found, default=None)


def within(rows, domain):
    """The same wishes or offers, as if they named nothing outside the domain."""
    return [row | {"rome": [code for code in row["rome"] if code[:3] == domain]} for row in rows]


def varied(who, hopes, offers, parameters):
    """Ids of the offers that are the best of a domain the person wishes."""
    chosen = set()
    for domain in set().union(*map(domains, hopes)):
        asked = within(hopes, domain)
        met = [(best_way(who, asked, job, parameters), job["id"]) for job in within(offers, domain)]
        chosen.update(job for *_, job in sorted((*way[:2], job) for way, job in met if way)[:1])
    return chosen


def ranked_lists(case, parameters):
    """Person id → every candidate, best first: (offer id, score, metres or -1, wish id, way)."""
    people, wishes, offers = case
    return {who["id"]: ranked_list(who, wishes, offers, parameters) for who in people}


def ranked_list(who, wishes, offers, parameters):
    hopes = [hope for hope in wishes if hope["person"] == who["id"]]
    extra = dict.fromkeys(varied(who, hopes, offers, parameters), parameters.weights.variety)
    met = [(best_way(who, hopes, job, parameters), job["id"]) for job in offers]
    order = sorted((way[0] - extra.get(job, 0), way[1], job, way[2], way[3]) for way, job in met if way)
    return [(job, -worth, -1 if metres == math.inf else metres, hope, via) for worth, metres, job, hope, via in order]


def people_lists(case, parameters):
    """Offer id → every (person id, base score) it may be proposed to, best first."""
    people, wishes, offers = case
    lists = {}
    for job in offers:
        met = []
        for who in people:
            way = best_way(who, [hope for hope in wishes if hope["person"] == who["id"]], job, parameters)
            met += [(*way[:2], who["id"])] if way else []
        lists[job["id"]] = [(who, -worth) for worth, _, who in sorted(met)]
    return lists


def cut(rows, employer_of, k, per_employer):
    """The list as read by someone who stops at k and refuses a third offer of one employer."""
    seen, kept = Counter(), []
    for row in rows:
        if len(kept) < k and seen[employer_of[row[0]]] < per_employer:
            seen[employer_of[row[0]]] += 1
            kept.append(row)
    return kept


def lists_of(ranking, people, wishes, offers):
    """A ranking in the oracle's terms."""
    lists = defaultdict(list)
    for i in range(len(ranking)):
        lists[int(people.id[ranking.person_index[i]])].append((
            int(offers.id[ranking.offer_index[i]]), int(ranking.score[i]), int(ranking.distance_m[i]),
            int(wishes.id[ranking.wish_index[i]]), Via(int(ranking.via[i])),
        ))  # fmt: skip
    return lists


def maximum_flow(lists, budget):
    """How many people can hold one offer each: plain augmenting paths, one person after the other."""
    holders = defaultdict(list)

    def serve(who, seen):
        for job in lists[who]:
            if job in seen:
                continue
            seen.add(job)
            if len(holders[job]) < budget[job]:
                holders[job].append(who)
                return True
            for place, other in enumerate(holders[job]):
                if serve(other, seen):
                    holders[job][place] = who
                    return True
        return False

    return sum(serve(who, set()) for who in lists)


# --- random cases ----------------------------------------------------------------------------------------
# Most values suit most others, so that lists are long and meet the caps; one in a few is a trap.


def mostly(usual, *traps):
    """One value in four or so is a trap."""
    return st.sampled_from([usual] * 3 * len(traps) + list(traps))


def around(centre):
    return st.builds(
        lambda north, east: (max(-90.0, min(90.0, centre[0] + north / 20)), centre[1] + east / 50),
        st.integers(-2, 2),
        st.integers(-1, 1),
    )


def places_near(centre):
    near = around(centre)
    return st.one_of(near, near, near, near, st.none(), st.sampled_from(CENTRES))


codes = st.lists(mostly("F1601", *CODES[1:]), min_size=1, max_size=3) | mostly(["F1601"], ["M1805"], [])
past = mostly(NO_DAY, TODAY - 200, TODAY - 1, TODAY, TODAY + 31)
future = mostly(NO_DAY, TODAY + 400, TODAY + 1, TODAY, TODAY - 1)
either = mostly(NO_DAY, TODAY - 200, TODAY + 1, TODAY + 31)


def person_rows(index, centre):
    return st.builds(
        dict, id=st.just(index * 7 % 11 + 1), place=places_near(centre), minor=mostly(False, True),
        radius=mostly(30, None, 0, 5, 300, 20_100), **{"from": either}, excluded=mostly([], [1], [2, 9]),
    )  # fmt: skip


def offer_rows(index, centre):
    return st.builds(
        dict, id=st.just(index * 5 % 13 + 1), place=places_near(centre), employer=mostly(1, 2, 3),
        rome=codes, levels=mostly([3], [], [3, 4], [4], [5], [5, 8]), **{"from": either}, to=future,
        positions=mostly(1, 0, 3), remote=mostly(False, True), minors=mostly(True, False), published=past,
        expires=future,
    )  # fmt: skip


def wish_rows(index, people, centre):
    return st.builds(
        dict, id=st.just(index * 3 % 17 + 1), person=st.sampled_from([row["id"] for row in people]),
        rank=mostly(1, 0, 2, 11, 12), level=mostly(3, 0, 4, 5, 8), rome=codes,
        site=st.none() | places_near(centre),
    )  # fmt: skip


@st.composite
def cases(draw):
    centre = draw(st.sampled_from(CENTRES))
    people = [draw(person_rows(index, centre)) for index in range(draw(mostly(2, 0, 1, 4)))]
    wish_count = draw(mostly(5, 0, 2, 8)) if people else 0
    wishes = [draw(wish_rows(index, people, centre)) for index in range(wish_count)]
    return people, wishes, [draw(offer_rows(index, centre)) for index in range(draw(mostly(9, 0, 3, 12)))]


weights_of_runs = st.builds(
    Weights, variety=mostly(200, 0, 7, 1000), rank_step=mostly(30, 0, 90), rome_domain=mostly(120, 0, 300),
    level_near=mostly(20, 0, 100), distance=mostly(200, 0, 600), distance_reach_m=mostly(50_000, 1, 8_000, 400_000),
    distance_remote=mostly(60, 0, 250), date_unknown=mostly(30, 0), fresh_days=mostly(3, 1),
)  # fmt: skip
settings_of_runs = st.builds(
    Parameters, today=st.just(TODAY), k=st.integers(1, 4), per_employer=st.integers(1, 2),
    site_radius_km=st.sampled_from([0, 10, 30]), weights=st.just(Weights()) | weights_of_runs,
)  # fmt: skip
