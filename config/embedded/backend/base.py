"""Django's PostgreSQL backend, which makes sure that the embedded server runs before it connects."""

from typing import Any

from django.db.backends.postgresql import base

from config.embedded.users import ensure_running


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        ensure_running()
        return super().get_new_connection(conn_params)
