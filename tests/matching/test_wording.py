"""Reasons as a French reader expects them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from cells.models import DiplomaLevel
from employers.models import Offer
from matching.engine import DateKind, LevelKind, RomeKind, Via
from matching.models import Match, RecipientOffer
from matching.wording import word_person, word_reasons
from youth.models import Wish

TODAY = date(2026, 11, 22)


def published(day):
    return datetime(2026, 11, day, 12, tzinfo=ZoneInfo("Europe/Paris"))


def proposal(model=Match, distance_m=12_400, level=None, starts_on=None, published_at=None, **codes):
    reasons = {"rank": 2, "rome": RomeKind.EXACT, "level": LevelKind.EXACT, "date": 0, "via": Via.HOME, "age": 40}
    offer = Offer(
        starts_on=starts_on,
        target_level=DiplomaLevel(level=3, label=level) if level else None,
        published_at=published_at or datetime(2026, 9, 1, 12, tzinfo=ZoneInfo("Europe/Paris")),
    )
    wish = Wish(label="CAP Cuisine")
    return model(offer=offer, wish=wish, distance_m=distance_m, reasons=reasons | codes)


def words(one, audience="young"):
    return [phrase.replace("\N{NO-BREAK SPACE}", "~") for phrase in word_reasons(one, audience=audience, today=TODAY)]


@pytest.mark.parametrize("model", [Match, RecipientOffer])
def test_the_young_person_is_spoken_to(model):
    one = proposal(model, level="Niveau 3 (CAP, BEP)", starts_on=date(2027, 1, 4), published_at=published(19))
    assert words(one) == [
        "à 12~km de chez vous",
        "répond à votre 2e vœu~: CAP Cuisine",
        "niveau 3 (CAP, BEP)",
        "commence en janvier 2027",
        "publiée il y a 3~jours",
    ]


def test_counsellors_and_guardians_read_about_them():
    assert words(proposal(), "counsellor") == ["à 12~km de son domicile", "répond à son 2e vœu~: CAP Cuisine"]


@pytest.mark.parametrize(
    ("metres", "phrase"),
    [
        (0, "à moins d’un~kilomètre de chez vous"),
        (999, "à moins d’un~kilomètre de chez vous"),
        (1000, "à 1~km de chez vous"),
        (1500, "à 2~km de chez vous"),
        (29_499, "à 29~km de chez vous"),
    ],
)
def test_distances_are_whole_kilometres(metres, phrase):
    assert words(proposal(distance_m=metres))[0] == phrase


def test_an_offer_near_the_training_says_so_to_everybody():
    for audience in ("young", "counsellor"):
        assert words(proposal(via=Via.SITE, distance_m=3000), audience)[0] == "à 3~km du lieu de formation"


def test_a_remote_offer_has_no_distance():
    assert words(proposal(via=Via.REMOTE, distance_m=None))[0] == "offre à distance"


def test_a_reason_that_is_not_known_is_not_invented():
    one = proposal(distance_m=None)
    one.reasons = {}
    assert words(one) == ["répond à l’un de vos vœux~: CAP Cuisine"]


@pytest.mark.parametrize(
    ("codes", "audience", "phrase"),
    [
        ({"rank": 1}, "young", "répond à votre 1er vœu~: CAP Cuisine"),
        ({"rank": 3}, "counsellor", "répond à son 3e vœu~: CAP Cuisine"),
        ({"rank": 0}, "young", "répond à l’un de vos vœux~: CAP Cuisine"),
        ({"rank": 0}, "counsellor", "répond à l’un de ses vœux~: CAP Cuisine"),
        ({"rank": 1, "rome": RomeKind.DOMAIN}, "young", "métier voisin de votre 1er vœu~: CAP Cuisine"),
        ({"rank": 0, "rome": RomeKind.DOMAIN}, "counsellor", "métier voisin de l’un de ses vœux~: CAP Cuisine"),
    ],
)
def test_the_wish_is_named_with_its_rank(codes, audience, phrase):
    assert words(proposal(**codes), audience)[1] == phrase


@pytest.mark.parametrize(
    ("label", "kind", "phrase"),
    [
        ("CAP", LevelKind.EXACT, "niveau CAP"),
        ("Niveau 4 (baccalauréat, BP)", LevelKind.NEAR, "niveau proche~: 4 (baccalauréat, BP)"),
        ("Bac", LevelKind.NEAR, "niveau proche~: Bac"),
        ("Bac", LevelKind.UNKNOWN, "niveau Bac"),
    ],
)
def test_the_level_is_the_offers(label, kind, phrase):
    one = proposal(level=label)
    one.reasons["level"] = kind
    assert words(one)[2] == phrase


@pytest.mark.parametrize(
    ("starts_on", "phrase"),
    [
        (date(2026, 8, 1), "à pourvoir dès maintenant"),
        (TODAY, "à pourvoir dès maintenant"),
        (date(2026, 12, 1), "commence en décembre 2026"),
    ],
)
def test_the_start_is_a_month_or_now(starts_on, phrase):
    assert words(proposal(starts_on=starts_on))[-1] == phrase


@pytest.mark.parametrize(
    ("day", "phrase"),
    [(22, "publiée aujourd’hui"), (23, "publiée aujourd’hui"), (21, "publiée hier"), (20, "publiée il y a 2~jours")],
)
def test_fresh_adverts_say_how_fresh(day, phrase):
    assert words(proposal(published_at=published(day)))[-1] == phrase


def test_old_adverts_do_not_boast():
    assert not any("publiée" in phrase for phrase in words(proposal()))


@pytest.mark.parametrize(("rank", "said"), [(0, True), (1, False), (2, True)])
def test_variety_is_a_reason_beyond_the_first_wish(rank, said):
    phrases = words(proposal(rank=rank, variety=1), "counsellor")
    assert ("pour varier les métiers" in phrases) is said


def person_words(distance_m=12_400, **codes):
    one = proposal(distance_m=distance_m)
    one.reasons |= codes
    return [phrase.replace("\N{NO-BREAK SPACE}", "~") for phrase in word_person(one)]


def test_an_employer_hears_what_answers_the_offer_and_no_more():
    assert person_words() == [
        "habite à 12~km",
        "c’est son 2e vœu",
        "niveau demandé",
        "disponible à la date prévue",
    ]


@pytest.mark.parametrize(
    ("codes", "phrase"),
    [
        ({"via": Via.SITE, "distance_m": 800}, "se forme à moins d’un~kilomètre"),
        ({"via": Via.REMOTE, "distance_m": None}, "peut travailler à distance"),
        ({"rank": 0}, "c’est l’un de ses vœux"),
        ({"rank": 3, "rome": RomeKind.DOMAIN}, "métier voisin de son 3e vœu"),
        ({"level": LevelKind.NEAR}, "niveau voisin du niveau demandé"),
        ({"level": LevelKind.OPEN}, "tous niveaux acceptés"),
        ({"date": DateKind.UNKNOWN}, "disponible"),
        ({"date": DateKind.LATER}, "disponible avant la date prévue"),
    ],
)
def test_each_reason_has_its_side_for_the_employer(codes, phrase):
    assert phrase in person_words(**codes)


def test_nobody_s_wish_or_level_is_invented_for_an_employer():
    assert not any("niveau" in phrase for phrase in person_words(level=LevelKind.UNKNOWN))
    assert not any("CAP" in phrase for phrase in person_words())
