"""What happened to one young person, newest first, from what the database keeps."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from cells.models import AuditEntry
from youth.models import Wish, YoungPerson

ACTION_LABELS = {
    "person.search_changed": "Recherche modifiée",
    "wish.added": "Vœu ajouté",
    "wish.closed": "Vœu clos",
    "person.answered": "Réponse à un mail d’offres",
    "answer.handled": "Réponse traitée",
}
ANSWERS = {
    "call_me": "demande à être appelé",
    "found": "dit avoir trouvé un employeur",
    "applied": "dit avoir candidaté",
    "not_for_me": "ne veut pas d’une des offres",
}


class Event(NamedTuple):
    at: datetime
    title: str
    detail: str = ""


def journey_of(person: YoungPerson) -> list[Event]:
    wishes = list(person.wishes.all())
    acts = _acts(person, wishes)
    by_hand = {entry.target_uuid for entry in acts if entry.action == "wish.closed"}
    by_file = [wish for wish in wishes if wish.uuid not in by_hand]
    events = [Event(person.created_at, "Dossier créé"), *_received(wishes), *_closed(by_file), *_worded(acts, wishes)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _received(wishes: list[Wish]) -> Iterator[Event]:
    """Wishes of one source read on one day are one event."""
    groups = defaultdict(list)
    for wish in wishes:
        if wish.source != Wish.Source.TYPED:
            groups[timezone.localdate(wish.created_at), wish.source].append(wish.created_at)
    for (_, source), moments in groups.items():
        yield Event(min(moments), f"{_counted(len(moments), 'reçu')} ({Wish.Source(source).label})")


def _closed(wishes: list[Wish]) -> Iterator[Event]:
    """Wishes that left their file, by day and reason."""
    groups: dict[tuple[date, str], list[datetime]] = defaultdict(list)
    for wish in wishes:
        if wish.closed_at:
            groups[timezone.localdate(wish.closed_at), wish.closed_reason].append(wish.closed_at)
    for (_, reason), moments in groups.items():
        yield Event(max(moments), _counted(len(moments), "clos"), reason)


def _acts(person: YoungPerson, wishes: list[Wish]) -> list[AuditEntry]:
    """What colleagues did to the file. Readings are kept too, but are not the young person's journey."""
    about = AuditEntry.objects.filter(action__in=ACTION_LABELS).select_related("user")
    of_person = about.filter(target_kind="youngperson", target_uuid=person.uuid)
    of_wishes = about.filter(target_kind="wish", target_uuid__in=[wish.uuid for wish in wishes])
    return list(of_person.union(of_wishes))


def _worded(acts: list[AuditEntry], wishes: list[Wish]) -> Iterator[Event]:
    by_uuid: dict[UUID | None, Wish] = {wish.uuid: wish for wish in wishes}
    for entry in acts:
        wish = by_uuid.get(entry.target_uuid)
        label = wish.label if wish else ANSWERS.get(entry.facts.get("kind", ""), "")
        reason = wish.closed_reason if wish and entry.action == "wish.closed" else ""
        who = entry.user.get_full_name() if entry.user else ""
        detail = " – ".join(part for part in (label, reason, who) if part)
        yield Event(entry.at, ACTION_LABELS[entry.action], detail)


def _counted(count: int, participle: str) -> str:
    if count == 1:
        return f"1 vœu {participle}"
    return f"{count} vœux {participle}" + ("" if participle.endswith("s") else "s")
