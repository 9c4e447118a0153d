"""What a web address, a date or a place must look like. Each raises ValueError with a French reason."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cells.imports.fields import parse_siret

PARIS = ZoneInfo("Europe/Paris")
FIRST_YEAR, LAST_YEAR = 2015, 2099
UNSAFE = re.compile(r"[\s<>\"\\]")
POSTCODE = re.compile(r"\b([0-9]{5})\b")

siret_of = lru_cache(50_000)(parse_siret)  # by far the slowest check, and a file repeats its employers


def web_address(text: str) -> str:
    """An http(s) address a browser may safely follow, or ""."""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise ValueError("une adresse http:// ou https:// est attendue")
    if not text.isprintable() or UNSAFE.search(text) or "@" in parts.netloc:
        raise ValueError("adresse web mal formée")
    return text


def moment(text: str) -> datetime | None:
    """ISO 8601 or dd/mm/yyyy; without an offset, the hour is that of Paris."""
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = french_day(text)
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise ValueError(f"date hors de {FIRST_YEAR}–{LAST_YEAR}")
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=PARIS)


def french_day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%d/%m/%Y")
    except ValueError:
        raise ValueError("une date est attendue (AAAA-MM-JJ ou JJ/MM/AAAA)") from None


def default_expiry(published: datetime) -> datetime:
    """Two months later at midnight in Paris, as the national API does."""
    local = published.astimezone(PARIS)
    year, month = local.year + (local.month + 1) // 12, (local.month + 1) % 12 + 1
    following = datetime(year + month // 12, month % 12 + 1, 1)
    last_day = (following - timedelta(days=1)).day
    return datetime(year, month, min(local.day, last_day), tzinfo=PARIS)


def coordinates(point: list[Any]) -> tuple[float, float] | None:
    """(latitude, longitude) of a GeoJSON pair, which is longitude first; 0, 0 is how feeds write "unknown"."""
    if len(point) < 2 or not all(isinstance(n, int | float) and not isinstance(n, bool) for n in point[:2]):
        raise ValueError("deux nombres sont attendus : longitude, latitude")
    longitude, latitude = point[:2]
    if not -90 <= latitude <= 90:
        raise ValueError("latitude hors de −90…90 (ordre attendu : longitude, latitude)")
    if not -180 <= longitude <= 180:
        raise ValueError("longitude hors de −180…180 (ordre attendu : longitude, latitude)")
    return (float(latitude), float(longitude)) if latitude or longitude else None


def postcode_in(address: str) -> tuple[str, str]:
    """The last postcode of an address, and the town written after it."""
    found = list(POSTCODE.finditer(address))
    if not found:
        return "", ""
    return found[-1][1], address[found[-1].end() :].strip(" ,-")
