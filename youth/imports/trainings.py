"""Which training a wish asks for: by its keys, most precise first, in memory. What is not known is left to a human."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple, Self

from cells.models import Training, TrainingAlias, TrainingCentre
from cells.services.places import PlaceIndex
from cells.text import normalise

# Keys that name a diploma, from the most to the least precise; `label` comes last.
DIPLOMA_KEYS = ("mef", "cfd", "rncp")
# The end of a clé ministère éducatif is the commune of the site and its number there: « …-13077#L01 ».
_SITE_COMMUNE = re.compile(r"-([0-9AB]{5})#L\d+$")
REMEMBERED = 100_000


class Known(NamedTuple):
    id: int
    level_id: int | None
    centre_uai: str
    site: tuple[float, float] | None


class Resolved(NamedTuple):
    """Everything None: a human must say what the training is."""

    training_id: int | None
    level_id: int | None
    site: tuple[float, float] | None


class TrainingIndex:
    """All trainings, aliases and training centres in memory: load it once per import."""

    def __init__(self, places: PlaceIndex) -> None:
        self._places = places
        self._by_key: dict[tuple[str, str], list[Known]] = defaultdict(list)
        self._aliases: dict[str, Known] = {}
        self._sites: dict[str, tuple[float, float]] = {}
        self._remembered: dict[tuple[str, ...], Resolved] = {}

    @classmethod
    def load(cls, places: PlaceIndex) -> Self:
        index = cls(places)
        index._load_centres()
        by_id = index._load_trainings()
        for key, training_id in TrainingAlias.objects.values_list("key", "training_id"):
            index._aliases[key] = by_id[training_id]
        return index

    def _load_centres(self) -> None:
        centres = TrainingCentre.objects.exclude(uai="").exclude(latitude=None)
        for uai, latitude, longitude in centres.values_list("uai", "latitude", "longitude"):
            self._sites[uai] = latitude, longitude

    def _load_trainings(self) -> dict[int, Known]:
        by_id: dict[int, Known] = {}
        rows = Training.objects.order_by("pk").values_list(
            "pk", "level_id", "centre__uai", "centre__latitude", "centre__longitude",
            "cle_ministere_educatif", "mef", "cfd", "rncp", "label",
        )  # fmt: skip
        for pk, level, uai, latitude, longitude, cle_me, mef, cfd, rncp, label in rows:
            site = None if latitude is None or longitude is None else (latitude, longitude)
            known = by_id[pk] = Known(pk, level, uai or "", site)
            keys = {"cle_me": cle_me, "mef": mef, "cfd": cfd, "rncp": rncp, "label": normalise(label)}
            for name, key in keys.items():
                if key:
                    self._by_key[name, key].append(known)
        return by_id

    def resolve(self, keys: Mapping[str, str], label: str) -> Resolved:
        asked = (label, *(keys.get(name, "") for name in ("cle_me", *DIPLOMA_KEYS, "uai", "trainer_uai")))
        found = self._remembered.get(asked)
        if found is None:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            found = self._remembered[asked] = self._resolve(keys, label)
        return found

    def _resolve(self, keys: Mapping[str, str], label: str) -> Resolved:
        training = self._training(keys, label)
        site = self._site(keys, training)
        return Resolved(training.id, training.level_id, site) if training else Resolved(None, None, site)

    def _training(self, keys: Mapping[str, str], label: str) -> Known | None:
        uai = keys.get("uai", "")
        exact = self._by_key.get(("cle_me", keys.get("cle_me", "")))
        if exact:
            return exact[0]
        for name in DIPLOMA_KEYS:
            alike = self._by_key.get((name, keys.get(name, "")))
            if alike:
                return _at(alike, uai) or alike[0]  # one diploma, wherever it is taught
        for key in alias_keys(keys, label):
            if key in self._aliases:
                return self._aliases[key]
        named = self._by_key.get(("label", normalise(label)), [])
        return _at(named, uai) or (named[0] if len(named) == 1 else None)

    def _site(self, keys: Mapping[str, str], training: Known | None) -> tuple[float, float] | None:
        """Where it is taught: the host's place, else the centre's own, else the commune in the key."""
        for name in ("uai", "trainer_uai"):
            if site := self._sites.get(keys.get(name, "")):
                return site
        if training and training.site and training.centre_uai in ("", keys.get("uai", training.centre_uai)):
            return training.site
        commune = _SITE_COMMUNE.search(keys.get("cle_me", ""))
        place = self._places.by_insee(commune[1]) if commune else None
        if place is None or place.latitude is None or place.longitude is None:
            return None
        return place.latitude, place.longitude


def _at(trainings: list[Known], uai: str) -> Known | None:
    """The one taught at this establishment, else the one that names no centre, when there is only one."""
    for wanted in (uai, ""):
        here = [one for one in trainings if one.centre_uai == wanted]
        if len(here) == 1:
            return here[0]
    return None


def alias_keys(keys: Mapping[str, str], label: str) -> list[str]:
    """How a human's answer is filed (TrainingAlias.key), most precise first; never empty unless the label is."""
    found = [f"{name}:{keys[name]}" for name in DIPLOMA_KEYS if keys.get(name)]
    plain = normalise(label)[:300]
    return [*found, f"label:{plain}"] if plain else found
