"""People, wishes and offers in as arrays; ranked and allocated pairs out as arrays. No database, no clock."""

from matching.engine.allocation import Allocation, allocate, default_budget
from matching.engine.arrays import (
    NO_DAY,
    Offers,
    People,
    Ragged,
    Wishes,
    decode_rome,
    domain_of,
    encode_rome,
    level_mask,
)
from matching.engine.audience import PeopleIndex, Reached
from matching.engine.codes import DateKind, Filter, LevelKind, RomeKind, Status, Via
from matching.engine.explain import Refusal, why_not
from matching.engine.geometry import EARTH_RADIUS_M
from matching.engine.index import OfferIndex
from matching.engine.lists import Lists
from matching.engine.parameters import ENGINE_VERSION, PRICE_SCALE, WEIGHTS_VERSION, Parameters, Weights
from matching.engine.ranking import Ranker, Ranking, Shard, merge, rank
from matching.engine.scoring import PARTS
from matching.engine.seekers import Seekers

__all__ = [
    "EARTH_RADIUS_M",
    "ENGINE_VERSION",
    "NO_DAY",
    "PARTS",
    "PRICE_SCALE",
    "WEIGHTS_VERSION",
    "Allocation",
    "DateKind",
    "Filter",
    "LevelKind",
    "Lists",
    "OfferIndex",
    "Offers",
    "Parameters",
    "People",
    "PeopleIndex",
    "Ragged",
    "Ranker",
    "Ranking",
    "Reached",
    "Refusal",
    "RomeKind",
    "Seekers",
    "Shard",
    "Status",
    "Via",
    "Weights",
    "Wishes",
    "allocate",
    "decode_rome",
    "default_budget",
    "domain_of",
    "encode_rome",
    "level_mask",
    "merge",
    "rank",
    "why_not",
]
