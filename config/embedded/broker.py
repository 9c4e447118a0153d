"""Celery's way to the embedded Valkey: every connection, a reconnection too, makes sure that it runs."""

from typing import Any

from kombu.transport import redis

from config.embedded.users import ensure_running


class Transport(redis.Transport):
    def establish_connection(self) -> Any:
        ensure_running()
        return super().establish_connection()
