"""Production: refuses to start on defaults, behind a TLS proxy."""

from django.core.exceptions import ImproperlyConfigured

from config.env import env
from config.settings.base import *  # noqa: F403
from config.settings.base import DEVELOPMENT_SECRET

for _name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "OBJECTION_KEY", "SITE_URL", "MAIL_DOMAIN"):
    if not env.str(_name, ""):
        raise ImproperlyConfigured(f"La variable {_name} doit être définie en production (voir .env.example).")

for _name in ("SECRET_KEY", "OBJECTION_KEY"):
    if env.str(_name).startswith(DEVELOPMENT_SECRET):
        raise ImproperlyConfigured(f"La variable {_name} porte la valeur de développement : tirez un secret au hasard.")

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
