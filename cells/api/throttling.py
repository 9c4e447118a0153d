"""So many calls a minute for each key, and fewer for each address that has none."""

import ipaddress
import logging
import time
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
IPV6_HOME = 64  # bits: one subscriber has a whole /64


class PerKeyThrottle(BaseThrottle):
    """Counts calls in fixed windows, atomically, in the shared cache. `request.rate_limit` feeds the headers.

    Without the cache nobody is refused: reading offers does not depend on it.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        scope = "key" if request.auth else "anonymous"
        rate = api_settings.DEFAULT_THROTTLE_RATES[scope]
        if rate is None:
            return True
        limit, period = parse_rate(rate)
        now = time.time()
        self.seconds_left = period - int(now) % period
        caller = str(request.auth.pk) if request.auth else network_of(self.get_ident(request))
        calls = count_call(f"calls:{scope}:{caller}:{int(now) // period}", period)
        request._request.rate_limit = (limit, max(0, limit - calls), self.seconds_left)
        return calls <= limit

    def wait(self) -> int:
        return self.seconds_left


def count_call(key: str, period: int) -> int:
    """This call's number in its window; 0 when the cache is away."""
    try:
        cache.add(key, 0, timeout=period * 2)
        return cache.incr(key)
    except (RedisError, ValueError):  # ValueError: the window was evicted between the two calls
        logger.warning("calls not counted: no cache")
        return 0


def parse_rate(rate: str) -> tuple[int, int]:
    """« 120/min » → (120, 60)."""
    number, _, period = rate.partition("/")
    return int(number), SECONDS[period[0]]


def network_of(address: str | None) -> str:
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, IPV6_HOME), strict=False))
