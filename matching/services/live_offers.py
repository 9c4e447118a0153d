"""The public offers of the country, kept by each process as the engine searches them, and followed as they change."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connections
from django.db.models import Count, Max
from django.utils import timezone

from employers.models import Contract, Offer
from matching.engine import OfferIndex, Offers
from matching.engine.arrays import Ints
from matching.inputs import read_offers, remaining_budget
from matching.run_settings import RunSettings

Version = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class LiveOffers:
    """`index` holds the offers that may still be shown; `spent` are the ids of those whose budget is used up."""

    version: Version
    table: Offers
    spent: Ints
    index: OfferIndex
    settings: RunSettings

    @property
    def today(self) -> date:
        return self.version[0]


class Keeper:
    """Whoever asks gets what is known; once it may be out of date, somebody looks, in the background."""

    def __init__(self, read: Callable[[LiveOffers | None], LiveOffers]) -> None:
        self.read = read
        self.known: LiveOffers | None = None
        self.looked = 0.0
        self.looking = threading.Lock()

    def get(self) -> LiveOffers:
        if self.known is None or settings.MATCHING_LIVE_SECONDS == 0:
            with self.looking:
                return self._look()
        if time.monotonic() - self.looked > settings.MATCHING_LIVE_SECONDS and self.looking.acquire(blocking=False):
            threading.Thread(target=self._look_aside, daemon=True).start()
        return self.known

    def _look(self) -> LiveOffers:
        self.known = self.read(self.known)
        self.looked = time.monotonic()
        return self.known

    def _look_aside(self) -> None:
        try:
            self._look()
        finally:
            connections.close_all()
            self.looking.release()


def read_live_offers(known: LiveOffers | None) -> LiveOffers:
    """What is known, when nothing has changed; else what has, read again."""
    version = _version()
    run_settings = RunSettings.resolve(version[0], {})
    offers = Offer.objects.public()
    same = known is not None and known.version == version
    table = known.table if known and same else read_offers(offers, run_settings)
    budget = remaining_budget(offers, table, run_settings)
    spent = table.id[budget == 0]
    if known and same and np.array_equal(known.spent, spent):
        return known
    index = OfferIndex.build(table.take(np.flatnonzero(budget > 0)), run_settings.engine)
    return LiveOffers(version, table, spent, index, run_settings)


def _version() -> Version:
    """Changes whenever an offer, or a contract that takes one of its positions, does."""
    offers = Offer.objects.public().aggregate(Count("pk"), Max("updated_at"), Max("pk"))
    contracts = Contract.objects.exclude(offer=None).aggregate(Count("pk"), Max("updated_at"))
    return (timezone.localdate(), *offers.values(), *contracts.values())


KEEPER = Keeper(read_live_offers)
