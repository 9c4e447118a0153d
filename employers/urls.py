from django.urls import path

from employers.views import contracts, imports, public, wellknown

app_name = "employers"

urlpatterns = [
    path("jeunes/<uuid:uuid>/contrats/", contracts.for_young_person, name="for-young-person"),
    path("jeunes/<uuid:uuid>/contrat/", contracts.contract_create, name="contract-create"),
    path("contrats/<uuid:uuid>/avancer/", contracts.contract_move, name="contract-move"),
    path("contrats/<uuid:uuid>/rupture/", contracts.contract_break, name="contract-break"),
    path("imports/offres/", imports.import_create, name="import-create"),
    path("offres/", public.offer_search, name="offer-search"),
    path("offres/<uuid:uuid>/", public.offer_detail, name="offer-detail"),
    path("robots.txt", wellknown.robots, name="robots"),
    path("sitemap.xml", wellknown.sitemap, name="sitemap"),
    path("sitemap-<int:number>.xml", wellknown.sitemap_part, name="sitemap-part"),
    path(".well-known/security.txt", wellknown.security_txt, name="security-txt"),
]
