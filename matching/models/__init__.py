from matching.models.campaigns import Campaign, Recipient, RecipientOffer
from matching.models.runs import Match, MatchRun

__all__ = ["Campaign", "Match", "MatchRun", "Recipient", "RecipientOffer"]
