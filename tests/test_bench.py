"""The benchmarks still run, and the engine still answers like every baseline. No duration is judged here."""

import numpy as np
import pytest

from bench import matching, matching_sections
from bench.data import make, only

SIZE = "XS"


def test_a_country_is_the_same_for_the_same_seed():
    one, other, third = make(SIZE), make(SIZE), make(SIZE, seed=1)
    assert (one.wishes.rome.values == other.wishes.rome.values).all()
    assert (one.offers.lat == other.offers.lat).all()
    assert not (one.offers.lat == third.offers.lat).all()


def test_a_part_of_a_country_keeps_each_persons_wishes():
    country, rows = make(SIZE), np.array([3, 7, 1_999])
    part = only(country, rows)
    for place, row in enumerate(rows.tolist()):
        mine = country.wishes.id[country.wishes.person_index == row]
        assert part.wishes.id[part.wishes.person_index == place].tolist() == mine.tolist()


def test_trees_of_numpy_give_the_same_lists():
    assert matching_sections.trees(SIZE, 1)["differing"] == 0


@pytest.mark.embedded
def test_postgresql_gives_the_same_lists():
    assert matching_sections.sql(SIZE, 1)["differing"] == 0


@pytest.mark.parametrize("section", ["kernel", "growth", "person", "reverse", "allocation"])
def test_a_section_finds_no_fault(section, monkeypatch):
    monkeypatch.setattr(matching_sections, "SINGLES", 5)
    figures = getattr(matching_sections, section)(SIZE, 1)
    assert figures
    assert matching.faults(figures) == 0


def test_a_fault_is_found_wherever_it_is():
    assert matching.faults({"size": 3, "allocation": {"factor_1": {"over_budget": 2}}, "sql": {"differing": 1}}) == 3


def test_a_ratio_needs_both_of_its_measures():
    report = {"sql": {"seconds": 40.0}, "kernel": {"one_core_seconds": 0.2}}
    assert matching.ratios(report) == {"sql_to_kernel_one_core": 200.0}
