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
from matching.engine.codes import DateKind, Filter, LevelKind, RomeKind, Status, Via
from matching.engine.explain import Refusal, why_not
from matching.engine.geometry import EARTH_RADIUS_M
from matching.engine.index import OfferIndex
from matching.engine.parameters import ENGINE_VERSION, WEIGHTS_VERSION, Parameters, Weights
from matching.engine.ranking import Ranking, Shard, merge, rank
from matching.engine.scoring import PARTS

__all__ = [
    "EARTH_RADIUS_M",
    "ENGINE_VERSION",
    "NO_DAY",
    "PARTS",
    "WEIGHTS_VERSION",
    "Allocation",
    "DateKind",
    "Filter",
    "LevelKind",
    "OfferIndex",
    "Offers",
    "Parameters",
    "People",
    "Ragged",
    "Ranking",
    "Refusal",
    "RomeKind",
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
