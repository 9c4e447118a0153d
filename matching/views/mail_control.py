"""The switch that stops every campaign of the platform at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from cells.errors import RefusedError
from cells.forms import posted
from cells.services.mail_policy import allow_campaigns, stop_campaigns
from cells.views.access import manager_screen
from matching.forms import StopForm
from matching.selection import current_stop

ALLOW = "reprendre"


@manager_screen
def mail_control(request: HttpRequest) -> HttpResponse:
    """POST with ALLOW lets the campaigns go on; any other POST stops them."""
    if request.method == "POST" and ALLOW in request.POST:
        allow_campaigns(by=request.viewer)
        messages.success(request, "Les envois reprennent : ce qui attendait part dans la minute.")
        return redirect("matching:mail-control")
    form = StopForm(posted(request))
    if form.is_valid():
        try:
            stop_campaigns(reason=form.cleaned_data["reason"], by=request.viewer)
        except RefusedError as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, "Tous les envois de campagne sont arrêtés.")
            return redirect("matching:mail-control")
    context = {"stopped": current_stop(), "form": form}
    return render(request, "matching/mail_control.html", context, status=422 if form.errors else 200)
