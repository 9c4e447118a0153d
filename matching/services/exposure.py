"""The offers a campaign's mails may show, within what the campaigns of every cell leave of each offer's budget."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from cells.errors import RefusedError
from employers.models import Offer
from matching.inputs import date_of, read_offers, remaining_budget
from matching.models import Match, MatchRun
from matching.run_settings import RunSettings

RUN_DAYS = 7
# Two launches that read the budgets at once would both spend them: launches of all cells take turns.
TAKE_TURN = "SELECT pg_advisory_xact_lock(7683, 2)"


@dataclass(frozen=True, slots=True)
class Proposals:
    """A run's matches on offers that are open now. `rows`: (match, person, offer), everyone's best first.

    `left`: by offer, how many more people it may be shown to.
    """

    rows: list[tuple[int, int, int]]
    left: dict[int, int]

    def people(self) -> set[int]:
        return {person for _, person, _ in self.rows}

    def served(self) -> set[int]:
        """Those with an offer that may still be shown."""
        return {person for _, person, offer in self.rows if self.left[offer] > 0}

    def share_out(self, people: set[int], offers_per_mail: int) -> dict[int, list[int]]:
        """By person, the matches shown: first proposals are served before second ones, better scores before others."""
        left = dict(self.left)
        shown: dict[int, list[int]] = defaultdict(list)
        for match, person, offer in self.rows:
            if person in people and left[offer] > 0 and len(shown[person]) < offers_per_mail:
                left[offer] -= 1
                shown[person].append(match)
        return shown


def wait_for_turn() -> None:
    """Until the end of the transaction, no other campaign is launched, in any cell."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_TURN)


def read_proposals(run: MatchRun) -> Proposals:
    """Budgets by the run's own settings."""
    settings = _settings_of(run) or RunSettings.resolve(timezone.localdate(), {})
    proposed = Match.objects.filter(run=run, offer=OuterRef("pk"))
    offers = Offer.objects.public().filter(Exists(proposed))
    table = read_offers(offers, settings)
    left = dict(zip(table.id.tolist(), remaining_budget(offers, table, settings).tolist(), strict=True))
    matches = Match.objects.filter(run=run).order_by("rank", "-score", "pk")
    rows = matches.values_list("pk", "young_person_id", "offer_id")
    return Proposals([row for row in rows.iterator() if row[2] in left], left)


def check_run_is_current(run: MatchRun) -> None:
    """Raises RefusedError when the run does not tell today's offers any more: too old, or another came after it."""
    if run not in MatchRun.objects.latest_done_of(run.cell_id):
        raise RefusedError(
            "Un calcul plus récent existe : créez la campagne à partir de celui-ci, ou relancez un rapprochement."
        )
    settings = _settings_of(run)
    oldest = timezone.localdate() - timedelta(days=RUN_DAYS)
    if settings is None or date_of(settings) < oldest:
        raise RefusedError(
            f"Ce calcul date de plus de {RUN_DAYS} jours ou d’une version précédente du moteur : "
            "relancez un rapprochement, puis créez la campagne à partir de ce nouveau calcul."
        )


def _settings_of(run: MatchRun) -> RunSettings | None:
    """None for a run of another version of the engine."""
    try:
        return RunSettings.from_json(run.parameters)
    except (KeyError, TypeError, ValueError):
        return None
