from django.apps import AppConfig

from config import checks  # noqa: F401 (registers the deployment checks)
from config.celery import app as celery_app  # noqa: F401 (so that shared tasks reach this broker)


class ConfigConfig(AppConfig):
    """Carries the deployment checks and the commands that know every app."""

    name = "config"
    verbose_name = "Configuration"
