from django.urls import path

from cells.views import account, home, mail_reports, pages

app_name = "cells"

urlpatterns = [
    path("", home.home, name="home"),
    path("connexion/", account.sign_in, name="sign-in"),
    path("deconnexion/", account.sign_out, name="sign-out"),
    path("ma-cellule/", account.switch_membership, name="switch-membership"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("mentions-legales/", pages.legal, name="legal"),
    path("donnees-personnelles/", pages.privacy, name="privacy"),
    path("cookies/", pages.cookies, name="cookies"),
    path("retours-de-mails/", mail_reports.receive, name="mail-reports"),
    path("plan-du-site/", pages.site_map, name="site-map"),
]
