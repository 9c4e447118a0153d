"""The interval of a difference, against published vectors, and what is said of it."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from matching.effects import count_answers, count_contracts, measure_effect
from matching.evaluation import Share, newcombe, wilson
from matching.workflow import CampaignState, SkipReason
from tests.employers.factories import ContractFactory
from tests.matching.factories import (
    CampaignAnswerFactory,
    CampaignFactory,
    RecipientFactory,
    SentRecipientFactory,
)

shares = st.integers(1, 500).flatmap(lambda people: st.builds(Share, st.integers(0, people), st.just(people)))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Share(14, 75), Share(22, 75), (-10.67, -23.9, 3.0)),
        (Share(11, 75), Share(22, 75), (-14.67, -27.4, -1.4)),
        (Share(56, 70), Share(48, 80), (20.0, 5.24, 33.39)),  # Newcombe 1998, table II, column (a), method 10
        (Share(9, 10), Share(3, 10), (60.0, 17.05, 80.90)),  # column (b)
        (Share(0, 10), Share(0, 20), (0.0, -16.11, 27.75)),  # column (f)
    ],
)
def test_newcombe_gives_the_published_figures(first, second, expected):
    difference = newcombe(first, second)
    found = [100 * number for number in (difference.value, *difference.interval)]
    assert found == pytest.approx(expected, abs=0.05)


@given(shares, shares)
def test_the_interval_holds_the_difference_and_turns_with_it(first, second):
    one, other = newcombe(first, second), newcombe(second, first)
    assert -1 <= one.interval.low <= one.value <= one.interval.high <= 1
    assert one.interval.low == pytest.approx(-other.interval.high)


@given(shares)
def test_a_share_lies_in_its_interval(share):
    low, high = wilson(share)
    assert -1e-9 <= low <= share.value + 1e-9
    assert share.value - 1e-9 <= high <= 1 + 1e-9


def test_an_empty_group_has_no_difference():
    with pytest.raises(ValueError, match="needs somebody"):
        newcombe(Share(0, 0), Share(1, 2))


# --- on a campaign -------------------------------------------------------------------------------------------


def campaign_of(days_ago, drawn, held_out, **changes):
    """(signed, people) in each arm."""
    launched_at = timezone.now() - timedelta(days=days_ago)
    campaign = CampaignFactory(state=CampaignState.FINISHED, launched_at=launched_at, **changes)
    on = timezone.localdate(launched_at) + timedelta(days=1)
    for signed, people, reason in ((*drawn, SkipReason.CROWDED_OUT), (*held_out, SkipReason.HELD_OUT)):
        for number in range(people):
            person = RecipientFactory(campaign=campaign, skip_reason=reason).young_person
            if number < signed:
                ContractFactory(young_person=person, signed_on=on)
    return campaign


@pytest.mark.django_db
def test_those_drawn_are_compared_with_the_control_group_whether_served_or_not():
    campaign = campaign_of(100, (3, 4), (1, 4))
    for never_drawn in (SkipReason.OBJECTION, SkipReason.BUDGET):
        RecipientFactory(campaign=campaign, skip_reason=never_drawn)
    effect = measure_effect(campaign, timezone.localdate())
    assert (effect.drawn, effect.held_out, effect.is_over) == (Share(3, 4), Share(1, 4), True)
    assert effect.difference.value == pytest.approx(0.5)
    words = " ".join(effect.sentences())
    assert "3 sur 4 (75,0\N{NO-BREAK SPACE}%)" in words
    assert "On ne peut pas conclure" in words
    assert "moins de 30 jeunes" in words


@pytest.mark.django_db
def test_a_clear_difference_is_said_clearly():
    words = " ".join(measure_effect(campaign_of(100, (12, 12), (0, 12)), timezone.localdate()).sentences())
    assert "Écart : +100,0 points" in words
    assert "ont signé plus souvent" in words


@pytest.mark.django_db
def test_contracts_count_for_90_days_from_the_launch():
    campaign = CampaignFactory(state=CampaignState.FINISHED, launched_at=timezone.now() - timedelta(days=200))
    start = timezone.localdate(campaign.launched_at)
    for days in (-1, 0, 90, 91):
        person = SentRecipientFactory(campaign=campaign).young_person
        ContractFactory(young_person=person, signed_on=start + timedelta(days=days), starts_on=date(2026, 1, 1))
    assert count_contracts(campaign) == 2


@pytest.mark.django_db
def test_before_90_days_the_figures_are_said_to_be_provisional():
    effect = measure_effect(campaign_of(10, (1, 2), (0, 2)), timezone.localdate())
    assert not effect.is_over
    assert "provisoires" in " ".join(effect.sentences())


@pytest.mark.django_db
def test_without_a_control_group_nothing_is_concluded():
    effect = measure_effect(campaign_of(100, (1, 2), (0, 0)), timezone.localdate())
    assert effect.difference is None
    assert "Sans groupe témoin" in " ".join(effect.sentences())


@pytest.mark.django_db
def test_a_draft_has_no_effect():
    draft = CampaignFactory()
    assert measure_effect(draft, timezone.localdate()) is None
    assert count_contracts(draft) == 0


@pytest.mark.django_db
def test_answers_are_counted_by_kind_zeroes_included():
    campaign = CampaignFactory(state=CampaignState.LAUNCHED, launched_at=timezone.now())
    CampaignAnswerFactory(recipient__campaign=campaign)
    CampaignAnswerFactory()
    assert dict(count_answers(campaign)) == {
        "Demande à être appelé": 1,
        "Dit avoir trouvé un employeur": 0,
        "Dit avoir candidaté": 0,
        "Ne veut pas de cette offre": 0,
    }
