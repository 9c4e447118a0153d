from django.urls import path

from matching.views import campaigns, proposals, runs, unsubscribe

app_name = "matching"

urlpatterns = [
    path("aujourdhui/rapprochements/", runs.today, name="today"),
    path("jeunes/<uuid:uuid>/propositions/", proposals.for_young_person, name="for-young-person"),
    path("rapprochements/", runs.run_list, name="run-list"),
    path("rapprochements/lancer/", runs.run_create, name="run-create"),
    path("rapprochements/<uuid:uuid>/", runs.run_detail, name="run-detail"),
    path("rapprochements/<uuid:uuid>/annuler/", runs.run_cancel, name="run-cancel"),
    path("rapprochements/<uuid:uuid>/sans-offre/", runs.people_without_offer, name="people-without-offer"),
    path("rapprochements/<uuid:uuid>/campagne/", campaigns.campaign_create, name="campaign-create"),
    path("campagnes/", campaigns.campaign_list, name="campaign-list"),
    path("campagnes/<uuid:uuid>/", campaigns.campaign_detail, name="campaign-detail"),
    path("campagnes/<uuid:uuid>/lancer/", campaigns.campaign_launch, name="campaign-launch"),
    path("campagnes/<uuid:uuid>/pause/", campaigns.campaign_pause, name="campaign-pause"),
    path("campagnes/<uuid:uuid>/reprendre/", campaigns.campaign_resume, name="campaign-resume"),
    path("campagnes/<uuid:uuid>/annuler/", campaigns.campaign_cancel, name="campaign-cancel"),
    path("campagnes/<uuid:uuid>/apercu/<uuid:person_uuid>/", campaigns.recipient_preview, name="recipient-preview"),
    path("campagnes/<uuid:uuid>/apercu/<uuid:person_uuid>/mail.html", campaigns.recipient_mail, name="recipient-mail"),
    path("desinscription/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
]
