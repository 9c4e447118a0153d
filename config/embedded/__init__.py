"""PostgreSQL and Valkey of a bare machine: started by whoever needs them, shared by the checkout's processes.

Only the standard library is imported here, so that `make clean` works without the environment.
"""

from config.embedded.addresses import broker_url, cache_url, database_settings, database_url
from config.embedded.places import EmbeddedError, Locations, locations
from config.embedded.users import ensure_running

__all__ = [
    "EmbeddedError",
    "Locations",
    "broker_url",
    "cache_url",
    "database_settings",
    "database_url",
    "ensure_running",
    "locations",
]
