"""Wishes typed in, closed, and the answer to "what is this training?"."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from uuid import uuid4

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from cells.errors import RefusedError
from cells.models import Occupation, Training, TrainingAlias
from cells.scoping import Viewer
from cells.services.audit import record_action
from cells.text import normalise
from youth.imports.rows import next_school_year
from youth.imports.trainings import DIPLOMA_KEYS, alias_keys
from youth.models import Wish, YoungPerson

CLOSED_REASON_LENGTH = Wish._meta.get_field("closed_reason").max_length or 0


@transaction.atomic
def add_wish(
    *,
    young_person: YoungPerson,
    by: Viewer,
    label: str = "",
    training: Training | None = None,
    occupation: Occupation | None = None,
    rank: int | None = None,
    school_year: int | None = None,
) -> Wish:
    """A wish typed by a counsellor, last in rank unless told. It needs a label, a training or an occupation."""
    _check_counsellor_of(young_person, by)
    text = " ".join(label.split()) or (training.label if training else occupation.label if occupation else "")
    if not text:
        raise RefusedError("Vœu : indiquez un intitulé, une formation ou un métier.")
    YoungPerson.objects.select_for_update(of=("self",)).get(pk=young_person.pk)
    typed = young_person.wishes.open().filter(source=Wish.Source.TYPED, training=training, occupation=occupation)
    if typed.filter(label=text[:300]).exists():
        raise RefusedError("Ce vœu est déjà au dossier.")
    wish = Wish.objects.create(
        young_person=young_person,
        source=Wish.Source.TYPED,
        school_year=school_year or next_school_year(timezone.localdate()),
        external_key=str(uuid4()),
        rank=rank or _next_rank(young_person),
        label=text[:300],
        training=training,
        occupation=occupation,
        level_id=training.level_id if training else None,
    )
    record_action("wish.added", by=by, target=wish, facts={"young_person": str(young_person.uuid)})
    return wish


@transaction.atomic
def close_wish(wish: Wish, *, reason: str, by: Viewer) -> Wish:
    """A wish closed by hand stays closed when its file is read again."""
    _check_counsellor_of(wish.young_person, by)
    said = " ".join(reason.split())
    if not said:
        raise RefusedError("Clôture du vœu : indiquez la raison.")
    if len(said) > CLOSED_REASON_LENGTH:
        raise RefusedError(f"Clôture du vœu : {CLOSED_REASON_LENGTH} caractères au plus pour la raison.")
    now = timezone.now()
    closed = Wish.objects.open().filter(pk=wish.pk).update(closed_at=now, closed_reason=said, updated_at=now)
    if not closed:
        raise RefusedError("Ce vœu est déjà clos.")
    record_action("wish.closed", by=by, target=wish, facts={"young_person": str(wish.young_person.uuid)})
    wish.refresh_from_db()
    return wish


@transaction.atomic
def resolve_training(*, key: str, training: Training, by: Viewer) -> int:
    """Say what `key` (of `UnresolvedTraining`) means, for all open wishes of every cell and all files to come.

    Returns how many wishes now have their training.
    """
    if not by.is_counsellor:
        raise RefusedError("Seul un conseiller d’une cellule peut rattacher une formation.")
    wishes = _wishes_asking(key)
    alias, _ = TrainingAlias.objects.update_or_create(
        key=key, defaults={"training": training, "decided_by_id": by.user_id}
    )
    count = wishes.update(training=training, level_id=training.level_id, updated_at=timezone.now())
    record_action("training.resolved", by=by, target=training, facts={"alias": alias.pk, "wishes": count})
    return count


@dataclass(frozen=True, slots=True)
class UnresolvedTraining:
    """A question for a human. `labels`: how files write it, the most frequent first."""

    key: str
    labels: tuple[str, ...]
    wishes: int


def group_unresolved(wishes: QuerySet[Wish]) -> list[UnresolvedTraining]:
    """The trainings nobody knows among these wishes (those a viewer sees), the most asked for first."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    asked = {name: KeyTextTransform(name, "keys") for name in DIPLOMA_KEYS}
    unresolved = wishes.filter(closed_at=None, training=None, occupation=None).order_by()
    for row in unresolved.values("label", **asked).annotate(wishes=Count("pk")):
        if keys := alias_keys({name: row[name] or "" for name in DIPLOMA_KEYS}, row["label"]):
            labels[keys[0]][row["label"]] += row["wishes"]
    found = [
        UnresolvedTraining(key, tuple(label for label, _ in counts.most_common(3)), counts.total())
        for key, counts in labels.items()
    ]
    return sorted(found, key=lambda one: (-one.wishes, one.key))


def _wishes_asking(key: str) -> QuerySet[Wish]:
    """Open wishes without training that this key names."""
    name, _, value = key.partition(":")
    unresolved = Wish.objects.open().filter(training=None)
    if not value or name not in (*DIPLOMA_KEYS, "label"):
        raise RefusedError(f"Clé de formation inconnue : « {key} ».")
    if name != "label":
        return unresolved.filter(Q(**{f"keys__{name}": value}))
    labels = unresolved.order_by().values_list("label", flat=True).distinct()
    return unresolved.filter(label__in=[label for label in labels if normalise(label)[:300] == value])


def _next_rank(young_person: YoungPerson) -> int:
    ranks = young_person.wishes.open().values_list("rank", flat=True)
    return min(max(ranks, default=0) + 1, 999)


def _check_counsellor_of(young_person: YoungPerson, by: Viewer) -> None:
    if not by.is_counsellor or by.cell_id != young_person.cell_id:
        raise RefusedError("Seul un conseiller de la cellule qui suit ce jeune peut modifier ses vœux.")
