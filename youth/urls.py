from django.urls import path

from youth.views import imports, people, search_area, trainings, wishes

app_name = "youth"

urlpatterns = [
    path("aujourdhui/jeunes/", people.today, name="today"),
    path("jeunes/", people.person_list, name="person-list"),
    path("jeunes/export/", people.person_export, name="person-export"),
    path("jeunes/<uuid:uuid>/", people.person_detail, name="person-detail"),
    path("jeunes/<uuid:uuid>/historique/", people.person_history, name="person-history"),
    path("jeunes/<uuid:uuid>/voeux/", wishes.wish_add, name="wish-add"),
    path("jeunes/<uuid:uuid>/recherche/", search_area.search_area, name="search-area"),
    path("voeux/<uuid:uuid>/clore/", wishes.wish_close, name="wish-close"),
    path("metiers/", wishes.occupation_options, name="occupation-options"),
    path("imports/", imports.import_list, name="import-list"),
    path("imports/voeux/", imports.import_create, name="import-create"),
    path("imports/<uuid:uuid>/", imports.import_detail, name="import-detail"),
    path("imports/<uuid:uuid>/relancer/", imports.import_retry, name="import-retry"),
    path("imports/<uuid:uuid>/lignes-refusees.csv", imports.refused_rows, name="import-refused-rows"),
    path("formations/", trainings.training_unresolved, name="training-unresolved"),
    path("formations/reconnaitre/", trainings.training_resolve, name="training-resolve"),
]
