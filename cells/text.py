"""Text as people compare it: without case, accents or punctuation."""

import re
import unicodedata

# Letters that Unicode does not take apart into a base letter and an accent.
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_OTHERS = re.compile(r"[^a-z0-9]+")


def normalise(text: str) -> str:
    """« Éloïse D’Arc-Le Gœff » → « eloise d arc le goeff »: what searches, identities and headers compare."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold()).translate(_LETTERS)
    return _OTHERS.sub(" ", plain).strip()
