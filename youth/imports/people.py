"""The people of one chunk of a file: found, created or updated in a few queries, whatever their number."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from cells.imports.errors import RowRefused
from cells.imports.writing import insert_rows, update_rows
from cells.models import Cell
from cells.services.places import PlaceIndex
from youth.imports.identity import check_known, check_sufficient, choose
from youth.imports.records import GuardianRecord, PersonRecord
from youth.models import Guardian, YoungPerson

# What a file may change in a file that exists: an empty cell never erases, and names stay as first written.
UPDATED = (
    "other_first_names", "email", "phone", "address", "origin_school", "origin_school_uai", "origin_training",
)  # fmt: skip
PLACE = ("postcode", "city", "commune_id", "latitude", "longitude")
COMPLETED = ("ine", "birth_date")
WATCHED = (*COMPLETED, *UPDATED, *PLACE)
WATCHED_FIELDS = [name.removesuffix("_id") for name in WATCHED]


class PeopleOfChunk:
    """`find` each record's person, then `write` once. People are told apart as youth.imports.identity says."""

    def __init__(self, cell: Cell, places: PlaceIndex, records: Iterable[PersonRecord]) -> None:
        self.cell = cell
        self.places = places
        self.created: list[YoungPerson] = []
        self._before: dict[int, tuple[YoungPerson, tuple[Any, ...]]] = {}
        self._found: dict[int, YoungPerson | RowRefused] = {}
        self._guardians: dict[tuple[int, int], GuardianRecord] = {}
        self._people: dict[int, YoungPerson] = {}
        self._load({id(record): record for record in records}.values())

    def _load(self, records: Iterable[PersonRecord]) -> None:
        by_ine = {record.ine for record in records if record.ine}
        self._by_ine = {one.ine: one for one in YoungPerson.objects.filter(ine__in=by_ine)}
        # Somebody who has another INE is somebody else: only a row without INE is compared with everybody.
        bare = {record.search_name for record in records if not record.ine}
        new = {record.search_name for record in records if record.ine and record.ine not in self._by_ine}
        same_name = Q(search_name__in=bare) | Q(search_name__in=new - bare, ine="")
        alike = YoungPerson.objects.filter(same_name, cell=self.cell).order_by("pk")
        self._by_name: dict[str, list[YoungPerson]] = defaultdict(list)
        for one in alike:
            self._by_name[one.search_name].append(self._by_ine.get(one.ine, one))

    def find(self, record: PersonRecord, title: dict[str, str]) -> YoungPerson:
        """The person of a record, new or known, with what the record brings. Raises RowRefused."""
        found = self._found.get(id(record))
        if found is None:
            try:
                found = self._identify(record, title)
                self._take(found, record)
            except RowRefused as refusal:
                found = refusal
            self._found[id(record)] = found
        if isinstance(found, RowRefused):
            raise found
        return found

    def _identify(self, record: PersonRecord, title: dict[str, str]) -> YoungPerson:
        known = self._by_ine.get(record.ine) if record.ine else None
        if known is not None:
            check_known(known, record, self.cell.pk, title["ine"])
            return known
        check_sufficient(record, title["ine"])
        chosen, doubt = choose(self._by_name.get(record.search_name, ()), record)
        return chosen or self._create(record, doubt)

    def _create(self, record: PersonRecord, doubt: str) -> YoungPerson:
        person = YoungPerson(
            cell_id=self.cell.pk,
            ine=record.ine,
            last_name=record.last_name,
            first_name=record.first_name,
            search_name=record.search_name,
            birth_date=record.birth_date,
            identity_doubt=doubt,
        )
        self.created.append(person)
        if record.ine:
            self._by_ine[record.ine] = person
        self._by_name[record.search_name].append(person)
        return person

    def _take(self, person: YoungPerson, record: PersonRecord) -> None:
        if id(person) not in self._before:
            self._people[id(person)] = person
            self._before[id(person)] = person, _watched(person)
        for name in UPDATED:
            if value := getattr(record, name):
                setattr(person, name, value)
        for name in COMPLETED:
            if not getattr(person, name):
                setattr(person, name, getattr(record, name))
        self._by_ine.setdefault(person.ine, person)
        self._settle(person, record)
        for guardian in record.guardians:
            self._guardians[id(person), guardian.rank] = guardian

    def _settle(self, person: YoungPerson, record: PersonRecord) -> None:
        """Where the person lives, looked up only when the address says another town than before."""
        if not record.city and not record.postcode:
            return
        if (person.postcode, person.city) == (record.postcode, record.city) and person.pk:
            return
        person.postcode, person.city = record.postcode, record.city
        place = self.places.resolve(record.postcode, record.city) if record.in_france else None
        person.commune_id = place.insee if place else None
        person.latitude = place.latitude if place else None
        person.longitude = place.longitude if place else None

    def write(self) -> set[int]:
        """Returns the id() of the people that were known and that the file changed."""
        insert_rows(self.created)
        new = set(map(id, self.created))
        changed = [one for key, (one, before) in self._before.items() if key not in new and _watched(one) != before]
        update_rows(changed, WATCHED_FIELDS)
        return {id(one) for one in changed} | self._write_guardians(new)

    def _write_guardians(self, new: set[int]) -> set[int]:
        known = self._known_guardians(new)
        to_create, to_update, owners = [], [], set()
        for (owner, rank), record in self._guardians.items():
            person = self._people[owner]
            guardian = known.get((person.pk, rank))
            if guardian is None:
                to_create.append(Guardian(young_person_id=person.pk, rank=rank, email=record.email, phone=record.phone))
                owners.add(owner)
            elif _update_guardian(guardian, record):
                to_update.append(guardian)
                owners.add(owner)
        insert_rows(to_create)
        update_rows(to_update, ("email", "phone"))
        return owners - new

    def _known_guardians(self, new: set[int]) -> dict[tuple[int, int], Guardian]:
        owners = {self._people[owner].pk for owner, _ in self._guardians if owner not in new}
        found = Guardian.objects.filter(young_person__in=owners)
        return {(one.young_person_id, one.rank): one for one in found}


def _watched(person: YoungPerson) -> tuple[Any, ...]:
    return tuple([getattr(person, name) for name in WATCHED])


def _update_guardian(guardian: Guardian, record: GuardianRecord) -> bool:
    before = guardian.email, guardian.phone
    guardian.email, guardian.phone = record.email or guardian.email, record.phone or guardian.phone
    return (guardian.email, guardian.phone) != before
