"""Tests: the same components, cheap password hashes, tasks called by hand or by a real worker."""

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASES, LOGGING, REST_FRAMEWORK, TEMPLATES
from tests.support.templates import RefuseUndefined

SECRET_KEY = "test-" + "2" * 50
OBJECTION_KEY = "test-" + "3" * 50
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
MAIL_QUIET_HOURS = False  # the tests run at any hour; those of quiet hours say so
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"
DATABASES["default"]["CONN_MAX_AGE"] = 0
AXES_ENABLED = False
MATCHING_LIVE_SECONDS = 0
REST_FRAMEWORK = REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": {"key": None, "anonymous": None}}
LOGGING = LOGGING | {"root": {"handlers": [], "level": "WARNING"}}
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = RefuseUndefined("%s")
