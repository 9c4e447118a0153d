from matching.models.answers import CampaignAnswer, OfferRefusal
from matching.models.campaigns import Campaign, Recipient, RecipientOffer
from matching.models.certificates import RunCertificate
from matching.models.matches import Match, RunOffer, RunPerson
from matching.models.runs import MatchRun, RunProgress, RunShard

__all__ = [
    "Campaign",
    "CampaignAnswer",
    "Match",
    "MatchRun",
    "OfferRefusal",
    "Recipient",
    "RecipientOffer",
    "RunCertificate",
    "RunOffer",
    "RunPerson",
    "RunProgress",
    "RunShard",
]
