from typing import Any
from uuid import UUID

from django.contrib import admin

from cells.admin import PersonalAdmin
from youth.models import Guardian, Wish, YoungPerson


@admin.register(YoungPerson)
class YoungPersonAdmin(PersonalAdmin):
    list_display = ("uuid", "cell", "situation", "commune", "identity_doubt", "updated_at")
    list_select_related = ("cell", "commune")
    list_filter = ("cell", "situation")
    exact_fields = ("uuid", "ine")
    ordering = ("-pk",)

    def person_uuid(self, obj: Any) -> UUID:
        return obj.uuid


@admin.register(Guardian)
class GuardianAdmin(PersonalAdmin):
    list_display = ("pk", "young_person", "rank")
    list_select_related = ("young_person",)
    ordering = ("-pk",)

    def person_uuid(self, obj: Any) -> UUID:
        return obj.young_person.uuid


@admin.register(Wish)
class WishAdmin(PersonalAdmin):
    list_display = ("uuid", "young_person", "source", "school_year", "rank", "training", "closed_at")
    list_select_related = ("young_person", "training")
    list_filter = ("source", "school_year")
    exact_fields = ("uuid",)
    ordering = ("-pk",)

    def person_uuid(self, obj: Any) -> UUID:
        return obj.young_person.uuid
