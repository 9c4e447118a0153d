from typing import Any
from uuid import UUID

from django.contrib import admin

from cells.admin import PersonalAdmin, ReadOnlyAdmin
from matching.models import Campaign, Match, MatchRun, Recipient, RecipientOffer


@admin.register(MatchRun)
class MatchRunAdmin(ReadOnlyAdmin):
    list_display = ("uuid", "cell", "state", "people_count", "match_count", "created_at", "finished_at")
    list_select_related = ("cell",)
    list_filter = ("state", "cell")
    exact_fields = ("uuid", "fingerprint")


@admin.register(Match)
class MatchAdmin(PersonalAdmin):
    list_display = ("pk", "run", "young_person", "offer", "rank", "score", "distance_m")
    list_select_related = ("run", "young_person", "offer")
    ordering = ("-pk",)

    def person_uuid(self, obj: Any) -> UUID:
        return obj.young_person.uuid


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    list_display = ("name", "cell", "state", "created_at", "launched_at", "finished_at")
    list_select_related = ("cell",)
    list_filter = ("state", "cell")
    exact_fields = ("uuid",)


@admin.register(Recipient)
class RecipientAdmin(PersonalAdmin):
    list_display = ("uuid", "campaign", "young_person", "skip_reason", "address_of", "created_at")
    list_select_related = ("campaign", "young_person")
    list_filter = ("skip_reason",)
    exact_fields = ("uuid",)
    ordering = ("-pk",)

    def person_uuid(self, obj: Any) -> UUID:
        return obj.young_person.uuid


@admin.register(RecipientOffer)
class RecipientOfferAdmin(PersonalAdmin):
    list_display = ("pk", "recipient", "offer", "rank", "score")
    list_select_related = ("recipient", "offer")
    ordering = ("-pk",)

    def person_uuid(self, obj: Any) -> UUID:
        return obj.recipient.young_person.uuid
