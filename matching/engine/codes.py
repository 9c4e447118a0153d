"""The small integers the engine writes in its answers. Stored with matches: a value is never reused."""

from enum import IntEnum


class Status(IntEnum):
    """What became of one person in a ranking."""

    RANKED = 0
    NO_WISHES = 1  # no wish at all
    NO_TRADES = 2  # wishes, none of them resolved to a ROME code
    NO_PLACE = 3  # neither home nor wished site is known, and no remote offer fits
    NO_OFFER = 4  # everything is known, nothing fits


class RomeKind(IntEnum):
    DOMAIN = 0  # same first three characters
    EXACT = 1


class LevelKind(IntEnum):
    EXACT = 0
    OPEN = 1  # the offer takes every level
    UNKNOWN = 2  # the wish names no level
    NEAR = 3  # one level apart
    FAR = 4  # more than one level apart: never a candidate


class DateKind(IntEnum):
    FITS = 0  # the person is ready inside the start window
    UNKNOWN = 1  # the offer gives no start date
    LATER = 2  # the person waits for the window to open


class Via(IntEnum):
    """Which place brought the offer within reach."""

    HOME = 0
    SITE = 1
    REMOTE = 2


class Filter(IntEnum):
    """Why a pair is not a candidate. `excess` of a refusal is in the unit given here."""

    NO_POSITION = 0  # 0
    EXPIRED = 1  # days since the offer expired
    MINOR = 2  # 0
    EMPLOYER = 3  # 0: excluded by or for the person
    START = 4  # days between the end of the start window and the day the person is ready
    NO_WISHES = 5  # 0
    TRADE = 6  # 0: no wish in any domain of the offer
    LEVEL = 7  # levels beyond the one allowed
    PLACE_UNKNOWN = 8  # 0: offer, or home and wished site, without a place
    TOO_FAR = 9  # metres beyond the nearest limit
    OFFER = 10  # 0: the person refused it, or applied already
