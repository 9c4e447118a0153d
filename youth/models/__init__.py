from youth.models.people import Guardian, YoungPerson
from youth.models.wishes import Wish

__all__ = ["Guardian", "Wish", "YoungPerson"]
