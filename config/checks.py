"""Deployment mistakes, caught by `manage.py check --deploy` before they hurt."""

from django.conf import settings
from django.core.checks import Error, Tags, register


@register(Tags.security, deploy=True)
def check_secrets(app_configs, **kwargs):
    return [
        Error(
            f"{name} garde sa valeur de développement.",
            hint=f"Définir {name} (50 caractères aléatoires).",
            id=f"jonction.E00{number}",
        )
        for number, name in enumerate(("SECRET_KEY", "OBJECTION_KEY"), start=1)
        if getattr(settings, name).startswith("developpement-seulement-")
    ]


@register(Tags.security, deploy=True)
def check_site_url(app_configs, **kwargs):
    if settings.SITE_URL.startswith("https://"):
        return []
    return [
        Error(
            "SITE_URL doit commencer par https:// : les liens des mails y mènent (RFC 8058).",
            id="jonction.E003",
        )
    ]
