from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from cells.admin import PersonalAdmin, ReadOnlyAdmin
from matching.models import (
    Campaign,
    CampaignAnswer,
    Match,
    MatchRun,
    OfferRefusal,
    Recipient,
    RecipientOffer,
    RunCertificate,
    RunOffer,
    RunPerson,
    RunProgress,
    RunShard,
)


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


@admin.register(RunOffer)
class RunOfferAdmin(ReadOnlyAdmin):
    list_display = ("pk", "run", "offer", "budget", "exposure", "price")
    list_select_related = ("run", "offer")
    ordering = ("-pk",)


@admin.register(RunCertificate)
class RunCertificateAdmin(ReadOnlyAdmin):
    list_display = ("pk", "run", "verdict", "verified_at", "duration_ms")
    list_select_related = ("run",)
    list_filter = ("verdict",)
    ordering = ("-pk",)


@admin.register(RunPerson)
class RunPersonAdmin(PersonalAdmin):
    list_display = ("pk", "run", "young_person", "status")
    list_select_related = ("run", "young_person")
    ordering = ("-pk",)

    def person_uuid(self, obj: Any) -> UUID:
        return obj.young_person.uuid


@admin.register(RunProgress)
class RunProgressAdmin(ReadOnlyAdmin):
    list_display = ("run", "step", "shards_done", "shards_total", "updated_at")
    list_select_related = ("run",)
    ordering = ("-pk",)


@admin.register(RunShard)
class RunShardAdmin(ReadOnlyAdmin):
    """Without the arrays: they hold people's places."""

    list_display = ("run", "number", "state", "leased_until")
    list_select_related = ("run",)
    exclude = ("inputs", "lists")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RunShard]:
        return super().get_queryset(request).defer("inputs", "lists")


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


@admin.register(CampaignAnswer)
class CampaignAnswerAdmin(PersonalAdmin):
    list_display = ("uuid", "recipient", "kind", "offer", "reason", "created_at", "handled_at")
    list_select_related = ("recipient", "offer")
    list_filter = ("kind",)
    exact_fields = ("uuid",)
    ordering = ("-pk",)

    def person_uuid(self, obj: Any) -> UUID:
        return obj.recipient.young_person.uuid


@admin.register(OfferRefusal)
class OfferRefusalAdmin(PersonalAdmin):
    list_display = ("pk", "young_person", "offer", "reason", "created_at")
    list_select_related = ("young_person", "offer")
    ordering = ("-pk",)

    def person_uuid(self, obj: Any) -> UUID:
        return obj.young_person.uuid
