from django.conf import settings


def site(request):
    """What every page's frame needs."""
    return {
        "site_name": settings.SITE_NAME,
        "is_state_site": settings.IS_STATE_SITE,
        "viewer": getattr(request, "viewer", None),
        "current_membership": getattr(request, "membership", None),
    }
