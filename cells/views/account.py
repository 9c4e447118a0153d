"""Sign in, sign out, choose the cell one works for."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from cells.forms import MembershipChoiceForm, SignInForm, posted
from cells.middleware import SESSION_KEY


class SignInView(LoginView):
    template_name = "cells/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    # Django's own view would say the host here.
    extra_context = {"site_name": settings.SITE_NAME}


sign_in = SignInView.as_view()
sign_out = LogoutView.as_view()


def switch_membership(request: HttpRequest) -> HttpResponse:
    """The session keeps the choice: it is one's own workplace, not a row of the cell."""
    memberships = list(request.user.memberships.current().select_related("cell"))
    current = {"membership": str(request.membership.pk)} if request.membership else {}
    form = MembershipChoiceForm(memberships, posted(request), initial=current)
    if request.method == "POST" and form.is_valid():
        request.session[SESSION_KEY] = int(form.cleaned_data["membership"])
        messages.success(request, "Vous travaillez maintenant pour la cellule choisie.")
        return redirect("cells:home")
    return render(request, "cells/switch_membership.html", {"form": form, "memberships": memberships})
