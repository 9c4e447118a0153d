import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as CacheGoneError
from rest_framework.settings import api_settings

from cells.api import throttling
from cells.api.throttling import network_of, parse_rate
from tests.cells.factories import CellFactory
from tests.support.partners import bearer

pytestmark = pytest.mark.django_db
OFFERS = "/api/v1/offers"


@pytest.fixture(autouse=True)
def few_calls(monkeypatch, published):
    cache.clear()
    monkeypatch.setattr(api_settings, "DEFAULT_THROTTLE_RATES", {"key": "3/min", "anonymous": "2/min"})
    monkeypatch.setattr(throttling.time, "time", lambda: 1_800_000_010.0)
    yield
    cache.clear()


def test_an_address_without_key_is_stopped_at_its_rate(client):
    answers = [client.get(OFFERS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[0]["RateLimit-Limit"] == "2"
    assert answers[2]["Retry-After"] == answers[2]["RateLimit-Reset"] == "50"
    assert answers[2].json()["code"] == "throttled"


def test_another_address_has_its_own_count(client):
    for _ in range(3):
        client.get(OFFERS)
    assert client.get(OFFERS, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_a_forged_header_does_not_make_another_address(client):
    answers = [client.get(OFFERS, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(3)]
    assert answers == [200, 200, 429]


def test_a_key_has_its_own_rate_whatever_the_address(client):
    headers = bearer(CellFactory())
    answers = [client.get(OFFERS, headers=headers, REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(4)]
    assert answers == [200, 200, 200, 429]


def test_the_next_minute_starts_afresh(client, monkeypatch):
    for _ in range(3):
        client.get(OFFERS)
    monkeypatch.setattr(throttling.time, "time", lambda: 1_800_000_060.0)
    assert client.get(OFFERS).status_code == 200


def test_nobody_is_refused_when_the_cache_is_away(client, monkeypatch):
    def gone(*args, **kwargs):
        raise CacheGoneError

    monkeypatch.setattr(throttling.cache, "add", gone)
    assert [client.get(OFFERS).status_code for _ in range(4)] == [200] * 4


def test_a_rate_is_read():
    assert parse_rate("120/min") == (120, 60)
    assert parse_rate("5/hour") == (5, 3600)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("garbage", "unknown"),
    ],
)
def test_one_subscriber_is_one_caller(address, network):
    assert network_of(address) == network
