from django.urls import path

from matching.views import (
    answers,
    campaign_drafts,
    campaign_mails,
    campaign_results,
    campaigns,
    certificates,
    comparison,
    mail_control,
    orphans,
    proposals,
    runs,
    unsubscribe,
    why_not,
)

app_name = "matching"

urlpatterns = [
    path("aujourdhui/rapprochements/", runs.today, name="today"),
    path("jeunes/<uuid:uuid>/propositions/", proposals.for_young_person, name="for-young-person"),
    path("jeunes/<uuid:uuid>/pourquoi-pas/", why_not.why_not_search, name="why-not-search"),
    path("jeunes/<uuid:person_uuid>/pourquoi-pas/<uuid:uuid>/", why_not.why_not_pair, name="why-not"),
    path("offres/<uuid:uuid>/jeunes/", proposals.offer_people, name="offer-people"),
    path("rapprochements/", runs.run_list, name="run-list"),
    path("rapprochements/lancer/", runs.run_create, name="run-create"),
    path("rapprochements/<uuid:uuid>/", runs.run_detail, name="run-detail"),
    path("rapprochements/<uuid:uuid>/annuler/", runs.run_cancel, name="run-cancel"),
    path("rapprochements/<uuid:uuid>/certificat/", certificates.run_certificate, name="run-certificate"),
    path("rapprochements/<uuid:uuid>/comparer/", comparison.run_compare, name="run-compare"),
    path("rapprochements/<uuid:uuid>/repartition/", runs.run_report, name="run-report"),
    path("rapprochements/<uuid:uuid>/sans-offre/", orphans.people_without_offer, name="people-without-offer"),
    path("rapprochements/<uuid:uuid>/offres-sans-jeune/", orphans.offers_without_people, name="offers-without-people"),
    path("rapprochements/<uuid:uuid>/campagne/", campaign_drafts.campaign_create, name="campaign-create"),
    path("campagnes/", campaigns.campaign_list, name="campaign-list"),
    path("campagnes/preparer/", campaign_drafts.campaign_create, name="campaign-new"),
    path("campagnes/public/", campaign_drafts.campaign_audience, name="campaign-audience"),
    path("campagnes/arret/", mail_control.mail_control, name="mail-control"),
    path("campagnes/reponses/", answers.answer_list, name="answer-list"),
    path("campagnes/reponses/<uuid:uuid>/traiter/", answers.answer_handle, name="answer-handle"),
    path("campagnes/<uuid:uuid>/", campaigns.campaign_detail, name="campaign-detail"),
    path("campagnes/<uuid:uuid>/modifier/", campaign_drafts.campaign_change, name="campaign-change"),
    path("campagnes/<uuid:uuid>/simulation/", campaign_drafts.campaign_rehearsal, name="campaign-rehearsal"),
    path("campagnes/<uuid:uuid>/lancer/", campaigns.campaign_launch, name="campaign-launch"),
    path("campagnes/<uuid:uuid>/programmer/", campaigns.campaign_schedule, name="campaign-schedule"),
    path("campagnes/<uuid:uuid>/deprogrammer/", campaigns.campaign_unschedule, name="campaign-unschedule"),
    path("campagnes/<uuid:uuid>/pause/", campaigns.campaign_pause, name="campaign-pause"),
    path("campagnes/<uuid:uuid>/reprendre/", campaigns.campaign_resume, name="campaign-resume"),
    path("campagnes/<uuid:uuid>/annuler/", campaigns.campaign_cancel, name="campaign-cancel"),
    path("campagnes/<uuid:uuid>/resultats/", campaign_results.campaign_results, name="campaign-results"),
    path("campagnes/<uuid:uuid>/export/", campaign_results.campaign_export, name="campaign-export"),
    path(
        "campagnes/<uuid:uuid>/apercu/<uuid:person_uuid>/", campaign_mails.recipient_preview, name="recipient-preview"
    ),
    path(
        "campagnes/<uuid:uuid>/apercu/<uuid:person_uuid>/mail.html",
        campaign_mails.recipient_mail,
        name="recipient-mail",
    ),
    path(
        "campagnes/<uuid:uuid>/apercu/<uuid:person_uuid>/essai/", campaign_mails.recipient_test, name="recipient-test"
    ),
    path(
        "campagnes/<uuid:uuid>/apercu/<uuid:person_uuid>/liens/",
        campaign_mails.recipient_revoke,
        name="recipient-revoke",
    ),
    path("reponse/<str:token>/", answers.answer, name="answer"),
    path("reponse/<str:token>/<str:question>/", answers.answer, name="answer-to"),
    path("desinscription/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
]
