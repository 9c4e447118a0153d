"""Who and what a run left with nothing, and how the screens say it. A person's status or an offer's exposure decides;
`obstacle` says what was missing on the day of the run, previews what would help today.
"""

from typing import NamedTuple

from django.db.models import Count, QuerySet

from employers.models import Offer
from matching.engine.obstacles import FAR_AWAY, SOLE, STEPS_KM, Obstacle, Relief
from matching.models import MatchRun, RunPerson
from matching.models.matches import RunOfferQuerySet, RunPersonQuerySet
from matching.why_not import Act, counted, kilometres_up
from matching.wording import NBSP
from youth.models import YoungPerson

PERSON_REASONS = {
    Obstacle.NO_WISHES: "Aucun vœu ouvert",
    Obstacle.NO_TRADES: "Formations à reconnaître",
    Obstacle.NO_PLACE: "Lieu inconnu",
    Obstacle.TOO_FAR: "Rien dans le rayon",
    Obstacle.LEVEL: "Niveau de diplôme",
    Obstacle.START: "Date de début passée",
    Obstacle.MINOR: "Offres fermées aux mineurs",
    Obstacle.EMPLOYER: "Employeur d’un contrat rompu",
    Obstacle.TRADE: "Aucune offre dans ses métiers",
    Obstacle.TAKEN: "Offres toutes prises",
    Obstacle.SEVERAL: "Plusieurs raisons à la fois",
    Obstacle.NONE: "Raison non calculée",
}
OFFER_REASONS = {
    Obstacle.TRADE: "Aucun jeune ne vise ce métier",
    Obstacle.TOO_FAR: "Aucun jeune assez près",
    Obstacle.LEVEL: "Niveau de diplôme",
    Obstacle.START: "Date de début passée",
    Obstacle.MINOR: "Fermée aux mineurs",
    Obstacle.EMPLOYER: "Contrats rompus avec l’employeur",
    Obstacle.NO_PLACE: "Lieu inconnu",
    Obstacle.TAKEN: "D’autres offres ont été préférées",
    Obstacle.SEVERAL: "Plusieurs raisons à la fois",
    Obstacle.CLOSED: "Plus de poste ouvert",
    Obstacle.NONE: "Raison non calculée",
}
OFFERS_IF = {
    Obstacle.LEVEL: "que le niveau écarte",
    Obstacle.START: "que la date de début écarte",
    Obstacle.MINOR: "que l’âge écarte",
    Obstacle.EMPLOYER: "chez l’employeur d’un contrat rompu",
}
PEOPLE_IF = {
    Obstacle.LEVEL: "que le niveau écarte",
    Obstacle.START: "que la date de début écarte",
    Obstacle.MINOR: "que l’âge écarte",
    Obstacle.EMPLOYER: "dont le contrat avec cet employeur a été rompu",
    Obstacle.NO_PLACE: "dont le lieu est inconnu",
}
NOTHING_ALONE = "aucun changement seul n’y suffit"
PERSON_OTHERWISE = {
    Obstacle.NO_WISHES: "à voir une fois un vœu ajouté",
    Obstacle.NO_TRADES: "à voir une fois la formation reconnue",
    Obstacle.TRADE: "un vœu voisin, ou un employeur à démarcher",
}
OFFER_OTHERWISE = {Obstacle.TRADE: "aucun jeune proche de ce métier"}
ACTS = {
    Obstacle.NO_WISHES: Act.WISH,
    Obstacle.NO_TRADES: Act.TRAINING,
    Obstacle.NO_PLACE: Act.PLACE,
    Obstacle.TRADE: Act.WISH,
    Obstacle.LEVEL: Act.WISH,
    Obstacle.TAKEN: Act.PROPOSALS,
}


class Preview(NamedTuple):
    """What something would give; `act` and `value` say where it is done (see matching.why_not)."""

    sentence: str
    act: Act | None = None
    value: int = 0


def orphan_people(people: RunPersonQuerySet, run: MatchRun, department: str = "") -> RunPersonQuerySet:
    """The people of the run to whom it proposes nothing."""
    found = people.filter(run=run).exclude(status=RunPerson.Status.RANKED)
    return found.filter(young_person__commune__department=department) if department else found


def still_seeking(people: RunPersonQuerySet) -> RunPersonQuerySet:
    """Without those who signed a contract, or stopped looking, since the run."""
    return people.filter(young_person__situation=YoungPerson.Situation.SEEKING)


def orphan_offers(offers: RunOfferQuerySet, run: MatchRun, department: str = "") -> RunOfferQuerySet:
    """The offers of the run that it shows to nobody."""
    found = offers.filter(run=run, exposure=0)
    return found.filter(offer__commune__department=department) if department else found


def count_reasons(orphans: QuerySet, words: dict[Obstacle, str]) -> list[tuple[int, str, int]]:
    """(code, words, how many), the most frequent first; without what nobody has."""
    found = orphans.order_by().values_list("obstacle").annotate(Count("pk"))
    lines = [(code, words.get(Obstacle(code), words[Obstacle.NONE]), number) for code, number in found]
    return sorted(lines, key=lambda line: (-line[2], line[0]))


def preview_person(person: YoungPerson, obstacle: Obstacle, relief: Relief | None, row: int) -> list[Preview]:
    """What would give this person offers today, from the nearest change to the farthest."""
    if relief is None:
        return []
    if obstacle in (Obstacle.NO_WISHES, Obstacle.NO_TRADES) and not relief.met[row]:
        return []
    possible = int(relief.possible[row])
    found = [Preview(_possible(possible), Act.PROPOSALS)] if possible else []
    found += _wider(person, relief, row)
    for column, name in enumerate(SOLE):
        number = int(relief.sole[row, column])
        if number and name in OFFERS_IF:
            act = Act.BIRTH_DATE if name == Obstacle.MINOR and person.birth_date is None else ACTS.get(name)
            found.append(Preview(f"{counted(number, 'offre')} {OFFERS_IF[name]}", act))
    return found


def _possible(number: int) -> str:
    verb = "lui convient" if number == 1 else "lui conviennent"
    return f"{counted(number, 'offre')} {verb} aujourd’hui"


def _wider(person: YoungPerson, relief: Relief, row: int) -> list[Preview]:
    """The first radius that gives something and the next that gives more; else how far the nearest offer is."""
    within = relief.within[row].tolist()
    gains = [
        (km, number)
        for km, number, before in zip(STEPS_KM, within, [0, *within], strict=False)
        if number > before and km > person.radius_km
    ]
    if gains:
        return [
            Preview(f"rayon {person.radius_km} → {km}{NBSP}km : {counted(number, 'offre')}", Act.RADIUS, km)
            for km, number in gains[:2]
        ]
    nearest = int(relief.nearest_m[row])
    if relief.sole[row, 0] and nearest < FAR_AWAY:
        return [Preview(f"l’offre la plus proche est à {kilometres_up(nearest)}{NBSP}km")]
    return []


def preview_offer(offer: Offer, relief: Relief | None, row: int) -> list[Preview]:
    """Whom a change would bring to this offer today, among the people the reader follows."""
    if relief is None:
        return []
    possible = int(relief.possible[row])
    found = [Preview(f"{counted(possible, 'jeune possible', 'jeunes possibles')} aujourd’hui")] if possible else []
    found += _nearer(relief, row)
    for column, name in enumerate(SOLE):
        number = int(relief.sole[row, column])
        if number and name in PEOPLE_IF:
            found.append(Preview(f"{counted(number, 'jeune')} {PEOPLE_IF[name]}"))
    return found


def _nearer(relief: Relief, row: int) -> list[Preview]:
    """Homes beyond their own radius, but not that far."""
    for km, number in zip(STEPS_KM, relief.within[row].tolist(), strict=True):
        if number:
            return [Preview(f"{counted(number, 'jeune')} à moins de {km}{NBSP}km, au-delà de leur rayon")]
    nearest = int(relief.nearest_m[row])
    if relief.sole[row, 0] and nearest < FAR_AWAY:
        return [Preview(f"le jeune le plus proche est à {kilometres_up(nearest)}{NBSP}km")]
    return []
