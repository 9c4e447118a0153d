"""Rows written by COPY are the rows that were given, and a reason packed is the reason read."""

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from matching import copying
from matching.copying import Nullable, copy_in, copy_out, whole
from matching.engine import Status
from matching.models import Match, RunOffer, RunPerson
from matching.models.reasons import LAYOUT, pack_reasons, unpack_reasons
from tests.matching.factories import MatchFactory, MatchRunFactory
from youth.models import YoungPerson

BIG = 2**40


def write(run, count, **changed):
    columns = {
        "run": run.pk,
        "young_person": np.arange(count) + BIG,
        "offer": np.arange(count),
        "wish": np.zeros(count, dtype=np.int32),
        "rank": np.arange(count) + 1,
        "score": -np.arange(count),
        "distance_m": Nullable(np.arange(count), np.arange(count) % 3 > 0),
        "reasons": np.arange(count),
    }
    copy_in(Match, **columns | changed)


@pytest.mark.django_db
@pytest.mark.parametrize("block", [1, 3, 7, 100])
def test_rows_are_written_as_given_whatever_the_blocks(monkeypatch, block):
    monkeypatch.setattr(copying, "BLOCK_ROWS", block)
    run = MatchRunFactory()
    write(run, 7)
    rows = Match.objects.filter(run=run).order_by("rank")
    found = list(rows.values_list("young_person_id", "offer_id", "wish_id", "rank", "score", "distance_m"))
    assert found == [(BIG + n, n, 0, n + 1, -n, n if n % 3 else None) for n in range(7)]
    assert [match.reasons for match in rows] == [unpack_reasons(n) for n in range(7)]


@pytest.mark.django_db
def test_no_row_is_written_for_empty_columns():
    none = np.empty(0, dtype=np.int64)
    copy_in(RunOffer, run=MatchRunFactory().pk, offer=none, budget=none, exposure=none, price=none)
    assert not RunOffer.objects.exists()


@pytest.mark.django_db
def test_only_integers_can_be_written():
    with pytest.raises(KeyError):
        copy_in(YoungPerson, last_name=np.zeros(1))


@pytest.mark.django_db
def test_a_query_that_cannot_answer_gives_no_row():
    assert len(copy_out(YoungPerson.objects.none(), id=whole("pk"))["id"]) == 0


# --- reasons -----------------------------------------------------------------------------------------------

codes = st.fixed_dictionaries(
    {name: st.integers(-offset, (1 << bits) - 1 - offset) for name, _, bits, offset in LAYOUT}
)


@given(codes)
def test_reasons_unpack_as_they_were_packed(reasons):
    packed = pack_reasons(**reasons)
    assert unpack_reasons(packed) == reasons
    assert 0 <= packed < 2**31


@given(st.lists(codes, max_size=5))
def test_arrays_are_packed_as_single_reasons(rows):
    columns = {name: np.array([row[name] for row in rows], dtype=np.int32) for name, *_ in LAYOUT}
    assert pack_reasons(**columns).tolist() == [pack_reasons(**row) for row in rows]


def test_what_is_too_large_is_the_largest_and_what_is_unsaid_is_unknown():
    assert unpack_reasons(pack_reasons(rank=999, age=99_999)) | {"rank": 255, "age": 4094} == unpack_reasons(
        pack_reasons(rank=999, age=99_999)
    )
    assert unpack_reasons(pack_reasons()) == dict.fromkeys((name for name, *_ in LAYOUT), 0) | {"age": -1}
    with pytest.raises(KeyError):
        pack_reasons(colour=1)


@pytest.mark.django_db
def test_sql_reads_the_layout_that_the_field_documents():
    match = MatchFactory(reasons={"rank": 3, "rome": 1, "level": 3, "date": 2, "via": 2, "age": 40, "variety": 1})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reasons & 3, reasons >> 2 & 7, reasons >> 5 & 3, reasons >> 7 & 3, reasons >> 9 & 1,"
            " reasons >> 10 & 255, (reasons >> 18 & 4095) - 1 FROM matching_match WHERE id = %s",
            [match.pk],
        )
        assert cursor.fetchone() == (1, 3, 2, 2, 1, 3, 40)
    match.refresh_from_db()
    assert match.reasons == {"rank": 3, "rome": 1, "level": 3, "date": 2, "via": 2, "age": 40, "variety": 1}


def test_statuses_of_people_are_those_of_the_engine():
    assert {member.name: member.value for member in Status} | {"CROWDED_OUT": 5} == {
        member.name: member.value for member in RunPerson.Status
    }
