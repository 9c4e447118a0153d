"""The mail provider tells about bounces and complaints (Standard Webhooks: signed, dated, each id taken once)."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from cells.mailing.webhook import UnreadableCallError, UnsignedCallError, take_call


@login_not_required
@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """404 without a secret, 403 when the call is not the provider's, 400 when it says nothing we can read."""
    if not settings.MAIL_WEBHOOK_SECRET:
        return HttpResponse(status=404)
    try:
        take_call(request.headers, request.body)
    except UnsignedCallError:
        return HttpResponse(status=403)
    except UnreadableCallError:
        return HttpResponse(status=400)
    return HttpResponse(status=204)
