"""Whether a row and a file are the same person: INE, else name and birth date, else name and postcode. Never a mail."""

from collections.abc import Iterable

from cells.imports.errors import RowRefused
from cells.text import normalise
from youth.imports.records import PersonRecord
from youth.models import YoungPerson

OTHER_CELL = "ce jeune est déjà suivi par une autre cellule : rien n’est repris de cette ligne"
OTHER_NAME = "cet INE est déjà connu sous un autre nom : vérifiez l’INE, rien n’a été modifié"
NO_IDENTITY = "ni INE, ni date de naissance, ni code postal : l’identité ne peut pas être établie"


def check_known(known: YoungPerson, record: PersonRecord, cell_id: int, column: str) -> None:
    """Raises RowRefused when the holder of this INE cannot be the person of the row. Says nothing about the holder."""
    if known.cell_id != cell_id:
        raise RowRefused(column, record.ine, OTHER_CELL)
    if known.search_name != record.search_name and not names_agree(known, record):
        raise RowRefused(column, record.ine, OTHER_NAME)


def names_agree(known: YoungPerson, record: PersonRecord) -> bool:
    """Case, accents, order of first names and half of a double name are forgiven; another name is not."""
    return _agree([known.last_name], [record.last_name]) and _agree(
        [known.first_name, known.other_first_names], [record.first_name, record.other_first_names]
    )


def _agree(one: list[str], other: list[str]) -> bool:
    words, other_words = normalise(" ".join(one)).split(), normalise(" ".join(other)).split()
    if set(words) <= set(other_words) or set(other_words) <= set(words):
        return True
    return "".join(words) == "".join(other_words)


def choose(candidates: Iterable[YoungPerson], record: PersonRecord) -> tuple[YoungPerson | None, str]:
    """(the person, "") among those of the same name, or (None, doubt): a new file, and what a human must look at.

    Choices are stable: the same file read again finds what it created.
    """
    possible = [one for one in candidates if not (one.ine and record.ine and one.ine != record.ine)]
    if record.birth_date:
        born = [one for one in possible if one.birth_date == record.birth_date]
        if born:
            return born[0], ""
    alike = [one for one in possible if _near(one, record)]
    bare = [one for one in alike if not (one.ine or one.birth_date)]
    if bare and not (record.ine or record.birth_date):
        return bare[0], ""
    if alike:
        return None, f"Même nom et même code postal que le dossier {alike[0].uuid} : même personne ?"
    return None, ""


def _near(one: YoungPerson, record: PersonRecord) -> bool:
    """Same postcode, and no birth dates to tell them apart."""
    undated = one.birth_date is None or record.birth_date is None
    return undated and bool(record.postcode) and one.postcode == record.postcode


def check_sufficient(record: PersonRecord, column: str) -> None:
    if not (record.ine or record.birth_date or record.postcode):
        raise RowRefused(column, "", NO_IDENTITY)
