"""States of runs, campaigns and recipients, and the moves between them."""

from django.db import models


class RunState(models.TextChoices):
    PENDING = "pending", "En attente"
    RUNNING = "running", "En cours"
    DONE = "done", "Terminé"
    FAILED = "failed", "En échec"
    CANCELLED = "cancelled", "Annulé"


ACTIVE_STATES = (RunState.PENDING, RunState.RUNNING)

RUN_MOVES: dict[str, frozenset[str]] = {
    RunState.PENDING: frozenset({RunState.RUNNING, RunState.CANCELLED, RunState.FAILED}),
    RunState.RUNNING: frozenset({RunState.DONE, RunState.FAILED, RunState.CANCELLED}),
    RunState.DONE: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.CANCELLED: frozenset(),
}


class CampaignState(models.TextChoices):
    DRAFT = "draft", "Brouillon"
    SCHEDULED = "scheduled", "Programmée"
    LAUNCHED = "launched", "En cours d’envoi"
    PAUSED = "paused", "En pause"
    FINISHED = "finished", "Terminée"
    CANCELLED = "cancelled", "Annulée"


CAMPAIGN_MOVES: dict[str, frozenset[str]] = {
    CampaignState.DRAFT: frozenset({CampaignState.SCHEDULED, CampaignState.LAUNCHED, CampaignState.CANCELLED}),
    CampaignState.SCHEDULED: frozenset({CampaignState.DRAFT, CampaignState.LAUNCHED, CampaignState.CANCELLED}),
    CampaignState.LAUNCHED: frozenset({CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.CANCELLED}),
    CampaignState.PAUSED: frozenset({CampaignState.LAUNCHED, CampaignState.CANCELLED}),
    CampaignState.FINISHED: frozenset(),
    CampaignState.CANCELLED: frozenset(),
}


class SkipReason(models.TextChoices):
    """Why a frozen recipient gets no mail."""

    NO_ADDRESS = "no_address", "Aucune adresse"
    OBJECTION = "objection", "Opposition"
    DEAD_ADDRESS = "dead_address", "Adresse qui ne reçoit plus"
    NO_OFFER = "no_offer", "Aucune offre"
    BUDGET = "budget", "Offres épuisées par les plafonds"
    HELD_OUT = "held_out", "Groupe témoin"
    ALREADY_CONTACTED = "already_contacted", "Déjà contacté"
    IN_CONTRACT = "in_contract", "En contrat"
    SAYS_FOUND = "says_found", "Dit avoir trouvé"
    CROWDED_OUT = "crowded_out", "Offres prises par d’autres jeunes"
    SAME_ADDRESS = "same_address", "Adresse déjà servie"
