"""Who calls, for the count of failed sign-ins (django-axes): the address typed and the address called from."""

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def typed_address(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """As accounts are looked up: whatever the case, or each spelling would have its own count."""
    typed = (credentials or request.POST).get("username")
    return typed.strip().lower() if typed else None


def network_address(request: HttpRequest) -> str | None:
    """Behind NUM_PROXIES proxies, that many from the right of X-Forwarded-For: further left, anyone writes anything."""
    proxies = settings.REST_FRAMEWORK["NUM_PROXIES"]
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    found = forwarded[-min(proxies, len(forwarded))].strip() if proxies else ""
    return found if is_address(found) else request.META.get("REMOTE_ADDR")


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
