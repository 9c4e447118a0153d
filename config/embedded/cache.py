"""Django's Redis cache on the embedded Valkey."""

from typing import Any

from django.core.cache.backends import redis

from config.embedded.users import ensure_running


class CacheClient(redis.RedisCacheClient):
    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        ensure_running()
        return super().get_client(key, write=write)


class RedisCache(redis.RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = CacheClient
