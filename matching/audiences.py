"""Whom a campaign is for: a filter that is stored, read aloud as a French sentence, and run as a query."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Self

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from cells.models import Department, DiplomaLevel, ImportBatch
from employers.models import Contract
from youth.models import Wish, YoungPerson

NOT_CONTACTED_DAYS = 14
YOUNGEST, OLDEST = 14, 35
FOLLOWED = {"with": "suivis par un référent", "without": "sans référent"}
SOURCES = {
    Wish.Source.AFFELNET: "Affelnet",
    Wish.Source.PARCOURSUP: "Parcoursup",
    Wish.Source.TYPED: "saisi par la cellule",
}


@dataclass(frozen=True, slots=True)
class Audience:
    """Empty fields do not narrow. Sources, levels and batch speak of one and the same current wish.

    Ages are in whole years on the day the audience is read; who gives no birth date has no age. `not_contacted_days`
    narrows at launch, with a reason kept for each person (matching.services.recipients).
    """

    sources: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    departments: tuple[str, ...] = ()
    age_from: int | None = None
    age_to: int | None = None
    followed: str = ""
    never_in_contract: bool = False
    not_contacted_days: int = NOT_CONTACTED_DAYS
    batch: str = ""

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**{name: value for name, value in values.items() if name in known})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def people(self, cell_id: int, today: date) -> QuerySet[YoungPerson]:
        """Those of the cell who seek an employer and have a current wish, narrowed by every field."""
        people = YoungPerson.objects.filter(cell=cell_id).seeking().filter(Exists(self._wishes(today)))
        if self.departments:
            people = people.filter(commune__department__in=self.departments)
        if self.followed:
            people = people.filter(referent__isnull=self.followed == "without")
        if self.never_in_contract:
            people = people.filter(~Exists(Contract.objects.filter(young_person=OuterRef("pk"))))
        return self._of_age(people, today)

    def _wishes(self, today: date) -> QuerySet[Wish]:
        wishes = Wish.objects.current(today).filter(young_person=OuterRef("pk"))
        if self.sources:
            wishes = wishes.filter(source__in=self.sources)
        if self.levels:
            wishes = wishes.alias(asked=Coalesce("level_id", "training__level_id")).filter(asked__in=self.levels)
        if self.batch:
            wishes = wishes.filter(batch__uuid=self.batch)
        return wishes

    def _of_age(self, people: QuerySet[YoungPerson], today: date) -> QuerySet[YoungPerson]:
        if self.age_from is not None:
            people = people.filter(birth_date__lte=years_before(today, self.age_from))
        if self.age_to is not None:
            people = people.filter(birth_date__gt=years_before(today, self.age_to + 1))
        return people

    def sentence(self) -> str:
        """« Les jeunes en recherche qui ont un vœu Affelnet en cours de niveau CAP, habitant Seine-Maritime (76). »"""
        parts = [self._wished(), self._living(), self._aged(), FOLLOWED.get(self.followed, "")]
        parts.append("n’ayant encore jamais signé de contrat" if self.never_in_contract else "")
        parts.append(
            f"non contactés par une campagne depuis {self.not_contacted_days} jours" if self.not_contacted_days else ""
        )
        return f"Les jeunes en recherche {', '.join(part for part in parts if part)}."

    def _wished(self) -> str:
        source = either([SOURCES[Wish.Source(source)] for source in self.sources])
        said = f"qui ont un vœu {source} en cours" if source else "qui ont un vœu en cours"
        if self.levels:
            labels = dict(DiplomaLevel.objects.filter(pk__in=self.levels).values_list("pk", "label"))
            said += f" de niveau {either([labels.get(level, str(level)) for level in self.levels])}"
        if self.batch:
            name = ImportBatch.objects.filter(uuid=self.batch).values_list("file_name", flat=True).first()
            said += f" lu dans l’import « {name or 'effacé'} »"
        return said

    def _living(self) -> str:
        if not self.departments:
            return ""
        known = Department.objects.filter(pk__in=self.departments).order_by("code").values_list("code", "name")
        return f"habitant {either([f'{name} ({code})' for code, name in known])}"

    def _aged(self) -> str:
        if self.age_from is not None and self.age_to is not None:
            return f"âgés de {self.age_from} à {self.age_to} ans"
        if self.age_from is not None:
            return f"âgés d’au moins {self.age_from} ans"
        return f"âgés de {self.age_to} ans au plus" if self.age_to is not None else ""


def either(words: Sequence[str]) -> str:
    """« a », « a ou b », « a, b ou c »."""
    return " ou ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def years_before(day: date, years: int) -> date:
    """The same day that many years earlier; 1 March for a 29 February that did not exist."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def level_choices() -> list[tuple[int, str]]:
    return [(one.level, one.label) for one in DiplomaLevel.objects.all()]
