from employers.models.contracts import Contract
from employers.models.employers import Employer
from employers.models.offers import Offer, OfferOccupation

__all__ = ["Contract", "Employer", "Offer", "OfferOccupation"]
