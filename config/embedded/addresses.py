"""The servers' addresses, known before anything is started."""

from typing import Any
from urllib.parse import quote

from config.embedded.places import locations
from config.embedded.servers import DATABASE, PORT, USER


def database_settings() -> dict[str, Any]:
    """DATABASES["default"]: its engine starts the servers at the first connection."""
    return {
        "ENGINE": "config.embedded.backend",
        "NAME": DATABASE,
        "USER": USER,
        "PASSWORD": "",
        "HOST": str(locations().sockets),
        "PORT": PORT,
    }


def database_url() -> str:
    """The same for psql and other programs; it starts nothing."""
    return f"postgresql://{USER}@:{PORT}/{DATABASE}?host={quote(str(locations().sockets), safe='')}"


def broker_url() -> str:
    """Celery's broker, through a transport that starts the servers."""
    return f"config.embedded.broker:Transport+socket://{quote(str(locations().valkey_socket))}?virtual_host=0"


def cache_url() -> str:
    return f"unix://{quote(str(locations().valkey_socket))}?db=1"
