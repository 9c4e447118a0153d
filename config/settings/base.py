"""Settings shared by every environment. What an operator sets comes from the environment (docs/exploitation.md)."""

from config import embedded
from config.env import BASE_DIR, env

# --- Who serves this site -------------------------------------------------------------------------
SITE_URL = env.str("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
SITE_NAME = "Jonction"
# The State's block and motto may be shown by State services only: the operator declares it.
IS_STATE_SITE = env.bool("IS_STATE_SITE", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DEBUG = False

# --- Applications ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "cells",
    "youth",
    "employers",
    "matching",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "dsfr",
    "rest_framework",
    "widget_tweaks",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.logging.RequestIdMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.uploads.BodyLimitMiddleware",  # before CSRF, which reads the body
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "cells.middleware.ViewerMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cells.context_processors.site",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# --- Database, cache, broker: DATABASE_URL and REDIS_URL, or the embedded servers -----------------
DATABASE_URL = env.str("DATABASE_URL", "")
REDIS_URL = env.str("REDIS_URL", "")

# The launcher starts them before anything else; a lone command lets the first connection do it.
USES_EMBEDDED_SERVICES = not (DATABASE_URL and REDIS_URL)

DATABASES = {"default": env.db_url("DATABASE_URL") if DATABASE_URL else embedded.database_settings()}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache" if REDIS_URL else "config.embedded.cache.RedisCache",
        "LOCATION": REDIS_URL or embedded.cache_url(),
        "KEY_PREFIX": "jonction",
    }
}

CELERY_BROKER_URL = REDIS_URL or embedded.broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_SOFT_TIME_LIMIT = 1740
# Above the longest task (an import, six hours), else it is delivered twice. What a killed worker held comes back after
# that long; nobody waits for it, since beat publishes every minute what the database says is due.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 7 * 3600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "Europe/Paris"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # workers log as LOGGING says

# --- Matching -------------------------------------------------------------------------------------
# Finished runs kept for each cell, and days after which a run no longer names anybody.
MATCHING_RUNS_KEPT = env.int("MATCHING_RUNS_KEPT", 5)
MATCHING_RUN_DAYS = env.int("MATCHING_RUN_DAYS", 365)
# How long a web process proposes offers without looking whether they have changed.
MATCHING_LIVE_SECONDS = env.int("MATCHING_LIVE_SECONDS", 5)

# --- Mail -----------------------------------------------------------------------------------------
EMAIL_URL = env.str("EMAIL_URL", "smtp://127.0.0.1:1025")
_email = env.email_url_config(EMAIL_URL)
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST = _email["EMAIL_HOST"]
EMAIL_PORT = _email["EMAIL_PORT"]
EMAIL_HOST_USER = _email["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 30
# How long a mail stays in the hands of a worker that gives no sign of life.
MAIL_LEASE_SECONDS = env.int("MAIL_LEASE_SECONDS", 600)
# Connections one worker keeps busy at once: as many mails are in doubt at most when it is killed.
MAIL_CONNECTIONS = env.int("MAIL_CONNECTIONS", 4)
# Campaigns wait for waking hours where the young person lives. No use with a local sink: nobody is woken.
MAIL_QUIET_HOURS = env.bool("MAIL_QUIET_HOURS", True)
# Bounces come back to this address, each with its mail's name after a « + »; empty: to DEFAULT_FROM_EMAIL.
MAIL_BOUNCE_ADDRESS = env.str("MAIL_BOUNCE_ADDRESS", "")
# Where they are read: mbox:/path, maildir:/path or imaps://name:secret@server/INBOX.
MAIL_REPORTS_URL = env.str("MAIL_REPORTS_URL", "")
# Secret of the provider's calls about bounces and complaints (Standard Webhooks); empty: no such calls.
MAIL_WEBHOOK_SECRET = env.str("MAIL_WEBHOOK_SECRET", "")
# A private key (PEM) to sign with, when the relay does not; its public half is <selector>._domainkey in the DNS.
MAIL_DKIM_KEY = env.str("MAIL_DKIM_KEY", "")
MAIL_DKIM_SELECTOR = env.str("MAIL_DKIM_SELECTOR", "jonction")
MAIL_DOMAIN = env.str("MAIL_DOMAIN", "jonction.localhost")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"Jonction <ne-pas-repondre@{MAIL_DOMAIN}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Sign-in and security -------------------------------------------------------------------------
DEVELOPMENT_SECRET = "developpement-seulement-"  # config.settings.production refuses it
SECRET_KEY = env.str("SECRET_KEY", DEVELOPMENT_SECRET + "0" * 40)
# Keyed hashes of addresses that must outlive an erasure: changing it forgets every objection.
OBJECTION_KEY = env.str("OBJECTION_KEY", DEVELOPMENT_SECRET + "1" * 40)
AUTH_USER_MODEL = "cells.User"
LOGIN_URL = "cells:sign-in"
LOGIN_REDIRECT_URL = "cells:home"
LOGOUT_REDIRECT_URL = "cells:sign-in"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 14},  # CNIL 2022-100: 14 characters when no symbol is asked for
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"  # the field's name in both sign-in forms, not the model's
AXES_USERNAME_CALLABLE = "config.callers.typed_address"
AXES_CLIENT_IP_CALLABLE = "config.callers.network_address"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "cells/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SESSION_COOKIE_AGE = 60 * 60 * 10  # a working day
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
# config.uploads refuses unread what is larger than MAX_UPLOAD_SIZE, and for whoever is not signed in than this:
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
MAX_UPLOAD_SIZE = env.int("MAX_UPLOAD_SIZE", 2 * 1024**3)

# --- Language, time, files ------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

VAR_DIR = env.path("JONCTION_VAR", str(BASE_DIR / "var"))
STATIC_URL = "static/"
STATIC_ROOT = str(env.path("STATIC_ROOT", str(BASE_DIR / "var" / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Manifest storage rewrites the CSS, so DSFR's own integrity hashes would block it.
DSFR_USE_INTEGRITY_CHECKSUMS = False
DSFR_MARK_OPTIONAL_FIELDS = True

# --- API ------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["cells.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["cells.api.permissions.DenyAll"],
    "DEFAULT_THROTTLE_CLASSES": ["cells.api.throttling.PerKeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {"key": "120/min", "anonymous": "60/min"},
    "DEFAULT_PAGINATION_CLASS": "cells.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "cells.api.errors.handle_error",
    "NUM_PROXIES": env.int("NUM_PROXIES", 0),
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "API Jonction",
    "DESCRIPTION": "Offres et jeunes suivis par les cellules régionales d'apprentissage.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "OAS_VERSION": "3.1.1",
}

# --- Logging --------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logging.JsonFormatter"}},
    "filters": {"request_id": {"()": "config.logging.RequestIdFilter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request_id"]},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "axes": {"level": "WARNING"},
        # Celery gives this one a plain-text handler unless it has its own.
        "celery.task": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
    },
}
