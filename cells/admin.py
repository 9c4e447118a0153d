"""The technical team looks; it changes nothing here. Deployment and services are the only way to write."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin  # noqa: F401 (registers Group, which is unregistered below)
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from dsfr import admin as dsfr_admin  # noqa: F401 (same for its configuration)
from dsfr.models import DsfrConfig

from cells.models import (
    Academy,
    Activity,
    ApiKey,
    AuditEntry,
    Cell,
    Commune,
    CommunePostcode,
    Department,
    DiplomaLevel,
    ImportBatch,
    MailPolicy,
    MailRate,
    MailReport,
    MailStream,
    Membership,
    Objection,
    Occupation,
    Organisation,
    OutgoingMail,
    ReferenceDataset,
    RefusalRule,
    RefusedRow,
    Region,
    Suppression,
    Training,
    TrainingAlias,
    TrainingCentre,
    User,
)
from cells.reading import note_reading
from cells.scoping import Viewer

admin.site.site_header = "Jonction – équipe technique"
admin.site.site_title = "Jonction"
admin.site.index_title = "Données, en lecture seule"

# These screens would let staff write. Roles are memberships; the look is in our templates.
admin.site.unregister([Group, DsfrConfig])


class ReadOnlyAdmin(admin.ModelAdmin):
    """Staff see, nobody writes. `exact_fields` are searched whole, through their index."""

    exact_fields: tuple[str, ...] = ()
    actions = None
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return (*self.exact_fields, *self.search_fields)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        if not search_term:
            return queryset, False
        condition = Q(pk__in=[])
        for name in self.exact_fields:
            condition |= exact(self.model._meta.get_field(name), search_term.strip())
        for name in self.search_fields:
            condition |= Q(**{f"{name}__icontains": search_term.strip()})
        return queryset.filter(condition), False

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class PersonalAdmin(ReadOnlyAdmin):
    """Lists show no name; opening a page is traced like any reading of a file."""

    def person_uuid(self, obj: Any) -> Any:
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if obj is not None and self.has_view_permission(request, obj) and request.method in ("GET", "HEAD"):
            viewer = Viewer(user_id=request.user.pk)
            note_reading("person.read", by=viewer, target_kind="youngperson", target_uuids=[self.person_uuid(obj)])
        return super().change_view(request, object_id, form_url, extra_context)


def exact(field: models.Field, text: str) -> Q:
    """Nothing when the text cannot be a value of the field."""
    try:
        return Q(**{field.name: field.to_python(text)})
    except ValidationError:
        return Q(pk__in=[])


@admin.register(Region, Academy)
class NamedAdmin(ReadOnlyAdmin):
    list_display = ("code", "name")
    search_fields = ("name",)
    exact_fields = ("code",)


@admin.register(Department)
class DepartmentAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "region", "academy", "time_zone")
    list_select_related = ("region", "academy")
    search_fields = ("name",)
    exact_fields = ("code",)


@admin.register(Commune)
class CommuneAdmin(ReadOnlyAdmin):
    list_display = ("insee_code", "name", "department", "population")
    list_select_related = ("department",)
    search_fields = ("search_name",)
    exact_fields = ("insee_code",)


@admin.register(CommunePostcode)
class CommunePostcodeAdmin(ReadOnlyAdmin):
    list_display = ("postcode", "commune")
    list_select_related = ("commune",)
    exact_fields = ("postcode",)


@admin.register(ReferenceDataset)
class ReferenceDatasetAdmin(ReadOnlyAdmin):
    list_display = ("kind", "version", "source", "released_on", "rows", "loaded_at")
    list_filter = ("kind",)


@admin.register(Occupation)
class OccupationAdmin(ReadOnlyAdmin):
    list_display = ("code", "label", "is_obsolete")
    list_filter = ("is_obsolete",)
    search_fields = ("label",)
    exact_fields = ("code",)


@admin.register(DiplomaLevel)
class DiplomaLevelAdmin(ReadOnlyAdmin):
    list_display = ("level", "label", "former_label")


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("code", "label", "version")
    search_fields = ("label",)
    exact_fields = ("code",)


@admin.register(Training)
class TrainingAdmin(ReadOnlyAdmin):
    list_display = ("label", "level", "centre", "mef", "cfd", "rncp")
    list_select_related = ("level", "centre")
    search_fields = ("search_label",)
    exact_fields = ("uuid", "mef", "cfd", "rncp", "cle_ministere_educatif")


@admin.register(TrainingAlias)
class TrainingAliasAdmin(ReadOnlyAdmin):
    list_display = ("key", "training", "decided_at")
    list_select_related = ("training",)
    search_fields = ("key",)


@admin.register(Cell)
class CellAdmin(ReadOnlyAdmin):
    list_display = ("name", "region", "is_active")
    list_select_related = ("region",)


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "siret")
    list_filter = ("kind",)
    search_fields = ("name",)
    exact_fields = ("uuid", "siret")


@admin.register(TrainingCentre)
class TrainingCentreAdmin(ReadOnlyAdmin):
    list_display = ("name", "uai", "siret", "commune")
    list_select_related = ("commune",)
    search_fields = ("name",)
    exact_fields = ("uuid", "uai", "siret")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("pk", "uuid", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    exact_fields = ("uuid", "email")
    exclude = ("password",)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("pk", "user", "cell", "organisation", "role", "started_at", "ended_at")
    list_select_related = ("user", "cell", "organisation")
    list_filter = ("cell", "role")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "cell", "organisation", "label", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("cell", "organisation")
    exact_fields = ("uuid", "prefix")
    exclude = ("secret_hash",)


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnlyAdmin):
    list_display = ("uuid", "kind", "cell", "state", "rows_read", "refused_count", "started_at")
    list_select_related = ("cell",)
    list_filter = ("kind", "state")
    exact_fields = ("uuid", "sha256")


@admin.register(RefusedRow)
class RefusedRowAdmin(ReadOnlyAdmin):
    """The refused value may be a person's: it is shown to the cell, not here."""

    list_display = ("batch", "line", "column", "reason")
    list_select_related = ("batch",)
    exclude = ("value",)


@admin.register(MailStream)
class MailStreamAdmin(ReadOnlyAdmin):
    list_display = ("name", "cell", "purpose", "state")
    list_select_related = ("cell",)
    list_filter = ("purpose", "state")
    exact_fields = ("uuid",)


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """The ledger without what was written and to whom; a server's answer may repeat the address."""

    list_display = ("uuid", "stream", "state", "attempts", "next_attempt_at", "closed_at", "smtp_code")
    list_select_related = ("stream",)
    list_filter = ("state",)
    exact_fields = ("uuid", "message_id", "dedup_key")
    exclude = ("to_address", "subject", "text", "html", "headers", "outcome")


@admin.register(Objection)
class ObjectionAdmin(ReadOnlyAdmin):
    list_display = ("pk", "purpose", "source", "created_at")
    list_filter = ("purpose", "source")
    exclude = ("address_hash",)


@admin.register(MailPolicy)
class MailPolicyAdmin(ReadOnlyAdmin):
    list_display = ("pk", "campaigns_stopped", "minimum_sample", "refused_percent", "complained_permille")


@admin.register(MailRate)
class MailRateAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "per_minute", "burst", "tokens", "refilled_at")
    exact_fields = ("domain",)


@admin.register(RefusalRule)
class RefusalRuleAdmin(ReadOnlyAdmin):
    list_display = ("code", "action", "valid_from", "source")
    list_filter = ("action",)
    exact_fields = ("code",)


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    list_display = ("pk", "reason", "code", "created_at")
    list_filter = ("reason",)
    exclude = ("address_hash",)


@admin.register(MailReport)
class MailReportAdmin(ReadOnlyAdmin):
    """What came back, aside or not, without the server's words: they may repeat the address."""

    list_display = ("uuid", "source", "kind", "code", "is_soft", "set_aside", "received_at")
    list_filter = ("kind", "source", "set_aside")
    exact_fields = ("uuid",)
    exclude = ("address_hash", "diagnostic")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "action", "cell", "user", "api_key", "target_kind", "target_uuid")
    list_select_related = ("cell", "user", "api_key")
    exact_fields = ("uuid", "target_uuid", "action")
