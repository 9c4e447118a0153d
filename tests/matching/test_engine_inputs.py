"""Codes, ragged columns, parameters and places: the small things the engine stands on."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.engine import (
    ENGINE_VERSION,
    Parameters,
    Ragged,
    Weights,
    decode_rome,
    domain_of,
    encode_rome,
    level_mask,
)
from matching.engine.geometry import EARTH_RADIUS_M, arc, box_span, point, squared_chord
from tests.matching.engine_oracle import distance_m

patient = settings(deadline=None)  # the first call may compile
degrees = st.tuples(st.floats(-89.5, 89.5), st.floats(-180, 180))


@given(st.from_regex(r"[A-Z][0-9]{4}", fullmatch=True).filter(str.isascii))
def test_a_rome_code_survives_its_number(code):
    assert decode_rome(encode_rome(code)) == code


def test_a_domain_is_the_first_three_characters():
    numbers = np.array([encode_rome(code) for code in ("F1601", "F1699", "F1701", "G1601")])
    assert len(set(domain_of(numbers).tolist())) == 3
    assert domain_of(numbers)[0] == domain_of(numbers)[1]


@pytest.mark.parametrize("code", ["", "F160", "f1601", "F16011", "FF601", "F1601\n", "F١٦٠١"])
def test_what_is_not_a_rome_code_is_refused(code):
    with pytest.raises(ValueError, match="ROME"):
        encode_rome(code)


def test_levels_are_bits():
    assert level_mask([]) == 0
    assert level_mask([3, 4]) == 0b1100
    assert level_mask([8]) == 0b1000_0000


@pytest.mark.parametrize("level", [0, 9])
def test_an_unknown_level_is_refused(level):
    with pytest.raises(ValueError, match="niveau"):
        level_mask([level])


@given(st.lists(st.lists(st.integers(0, 99), max_size=4), max_size=6), st.data())
def test_ragged_rows_come_back_as_given(rows, data):
    ragged = Ragged.of(rows)
    assert [ragged.row(i).tolist() for i in range(len(ragged))] == rows
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8)) if rows else []
    taken = ragged.take(np.array(chosen, dtype=np.int64))
    assert [taken.row(i).tolist() for i in range(len(taken))] == [rows[i] for i in chosen]


@pytest.mark.parametrize(("offsets", "values"), [([], []), ([0, 2], [1]), ([0, 2, 1, 2], [1, 2]), ([1], [1])])
def test_offsets_that_do_not_add_up_are_refused(offsets, values):
    with pytest.raises(ValueError, match="offsets"):
        Ragged(offsets, values)


def test_parameters_survive_json():
    parameters = Parameters(today=20_700, k=5, weights=Weights(version=7, fresh=0))
    assert Parameters.from_json(json.loads(json.dumps(parameters.to_json()))) == parameters


def test_the_parameters_of_another_engine_are_refused():
    stored = Parameters(today=1).to_json() | {"engine_version": ENGINE_VERSION + 1}
    with pytest.raises(ValueError, match="engine"):
        Parameters.from_json(stored)


@pytest.mark.parametrize("changes", [{"k": 0}, {"per_employer": 0}, {"site_radius_km": -1.0}])
def test_parameters_without_meaning_are_refused(changes):
    with pytest.raises(ValueError, match="Parameters"):
        Parameters(today=1, **changes)


@pytest.mark.parametrize("changes", [{"fresh": -1}, {"distance_reach_m": 0}, {"rome_exact": 70_000}])
def test_weights_without_meaning_are_refused(changes):
    with pytest.raises(ValueError, match="Weights"):
        Weights(**changes)


def test_the_highest_score_is_a_thousand_and_the_bonus_of_variety():
    assert Weights().highest() == 1000 + Weights().variety


@patient
@given(degrees, degrees)
def test_a_distance_is_the_great_circle_both_ways(a, b):
    there, back = (int(arc(squared_chord(point(*p), point(*q)))) for p, q in ((a, b), (b, a)))
    assert there == back
    assert abs(there - distance_m(a, b)) <= 1


@patient
@given(degrees, degrees, st.integers(0, 20_100_000))
def test_the_box_holds_the_circle(centre, other, radius):
    height, width = box_span(centre[0], radius)
    if distance_m(centre, other) <= radius:
        assert abs(other[0] - centre[0]) <= height
        assert abs((other[1] - centre[1] + 180) % 360 - 180) <= width


@patient
@given(st.floats(0, 20_000_000))
def test_the_short_arc_is_the_arc(metres):
    half = metres / (2 * EARTH_RADIUS_M)
    assert abs(int(arc((2 * EARTH_RADIUS_M * math.sin(half)) ** 2)) - metres) <= 0.51
