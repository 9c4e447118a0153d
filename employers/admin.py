from typing import Any
from uuid import UUID

from django.contrib import admin

from cells.admin import PersonalAdmin, ReadOnlyAdmin
from employers.models import Contract, Employer, Offer, OfferOccupation


@admin.register(Employer)
class EmployerAdmin(ReadOnlyAdmin):
    list_display = ("name", "siret", "commune", "naf_code", "objects_to_contact")
    list_select_related = ("commune",)
    list_filter = ("objects_to_contact",)
    search_fields = ("name",)
    exact_fields = ("uuid", "siret")


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    list_display = ("title", "employer", "partner_label", "status", "published_at", "expires_at")
    list_select_related = ("employer",)
    list_filter = ("status",)
    exact_fields = ("uuid", "partner_job_id")
    exclude = ("search_vector",)


@admin.register(OfferOccupation)
class OfferOccupationAdmin(ReadOnlyAdmin):
    list_display = ("offer", "occupation")
    list_select_related = ("offer", "occupation")


@admin.register(Contract)
class ContractAdmin(PersonalAdmin):
    list_display = ("uuid", "young_person", "employer", "kind", "state", "starts_on")
    list_select_related = ("young_person", "employer")
    list_filter = ("kind", "state")
    exact_fields = ("uuid",)

    def person_uuid(self, obj: Any) -> UUID:
        return obj.young_person.uuid
