"""The national job tree, field by field: a client of `GET /api/job/v1/search` reads it unmodified."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from employers.models import Offer

PARIS = ZoneInfo("Europe/Paris")
POINT = {
    "type": ["object", "null"],
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": ["Point"]},
        "coordinates": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    },
    "description": "GeoJSON : longitude puis latitude (WGS 84). Null si le lieu est inconnu.",
}


class NullableText(serializers.CharField):
    """What we hold as an empty text is null for partners."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, **options)

    def to_representation(self, value: Any) -> str | None:
        return str(value) or None


class PartOfOffer(serializers.Serializer):
    """A branch of the tree: same offer, fewer fields."""

    def __init__(self, **options: Any) -> None:
        super().__init__(source="*", **options)


class IdentifierSerializer(PartOfOffer):
    """Le nom de l’offre dans sa source, et chez nous (« id »)."""

    partner_job_id = serializers.CharField()
    id = serializers.UUIDField(source="uuid")
    partner_label = serializers.CharField()


class LocationSerializer(PartOfOffer):
    """Le lieu de travail."""

    address = serializers.CharField()
    geopoint = serializers.SerializerMethodField()

    @extend_schema_field(POINT)
    def get_geopoint(self, offer: Offer) -> dict[str, Any] | None:
        if offer.latitude is None:
            return None
        return {"type": "Point", "coordinates": [offer.longitude, offer.latitude]}


class NafSerializer(serializers.Serializer):
    """L’activité de l’employeur (NAF rév. 2)."""

    code = serializers.CharField()
    label = serializers.CharField(allow_null=True)


class DomainSerializer(PartOfOffer):
    """La branche de l’employeur."""

    idcc = serializers.IntegerField(source="employer.idcc", allow_null=True)
    opco = NullableText(source="employer.opco")
    naf = serializers.SerializerMethodField()

    @extend_schema_field(NafSerializer(allow_null=True))
    def get_naf(self, offer: Any) -> dict[str, Any] | None:
        code = offer.employer.naf_code
        return {"code": code, "label": offer.activity_label} if code else None


class WorkplaceSerializer(PartOfOffer):
    """L’employeur, là où l’on travaillera."""

    name = NullableText(source="employer.name")
    description = NullableText(source="employer.description")
    website = NullableText(source="employer.website")
    siret = NullableText(source="employer.siret")
    brand = NullableText(source="employer.brand")
    legal_name = NullableText(source="employer.legal_name")
    size = NullableText(source="employer.size")
    location = LocationSerializer()
    domain = DomainSerializer()


class ApplySerializer(PartOfOffer):
    """Comment candidater."""

    url = serializers.SerializerMethodField(help_text="À défaut d’adresse de candidature, notre page de l’offre.")
    phone = NullableText(source="apply_phone")
    recipient_id = NullableText()

    def get_url(self, offer: Offer) -> str:
        return offer.apply_url or settings.SITE_URL + reverse("employers:offer-detail", args=[offer.uuid])


class ContractSerializer(PartOfOffer):
    """Le contrat proposé."""

    start = serializers.SerializerMethodField()
    duration = serializers.IntegerField(source="duration_months", allow_null=True, help_text="En mois.")
    type = serializers.ListField(child=serializers.ChoiceField(Offer.ContractType.choices), source="contract_types")
    remote = serializers.SerializerMethodField()

    def get_start(self, offer: Offer) -> datetime | None:
        return offer.starts_on and datetime.combine(offer.starts_on, time(), PARIS)

    @extend_schema_field({"type": ["string", "null"], "enum": [*Offer.Remote.values, None]})
    def get_remote(self, offer: Offer) -> str | None:
        return offer.remote or None


class TargetDiplomaSerializer(serializers.Serializer):
    """Le diplôme visé."""

    european = serializers.CharField(source="level", help_text="Niveau européen, de 3 à 8.")
    label = serializers.CharField()


class PublicationSerializer(PartOfOffer):
    """Quand l’offre paraît et quand elle expire."""

    creation = serializers.DateTimeField(source="published_at", default_timezone=PARIS)
    expiration = serializers.DateTimeField(source="expires_at", allow_null=True, default_timezone=PARIS)


class OfferPartSerializer(PartOfOffer):
    """Ce que dit l’annonce."""

    title = serializers.CharField()
    description = serializers.CharField()
    rome_codes = serializers.ListField(child=serializers.CharField())
    target_diploma = TargetDiplomaSerializer(source="target_level", allow_null=True)
    desired_skills = serializers.ListField(child=serializers.CharField())
    to_be_acquired_skills = serializers.ListField(child=serializers.CharField())
    access_conditions = serializers.ListField(child=serializers.CharField())
    publication = PublicationSerializer()
    opening_count = serializers.IntegerField(source="positions")
    status = serializers.ChoiceField(Offer.Status.choices)


class JobSerializer(serializers.Serializer):
    """Une offre, dans l’arbre de l’API nationale."""

    identifier = IdentifierSerializer()
    workplace = WorkplaceSerializer()
    apply = ApplySerializer()
    contract = ContractSerializer()
    offer = OfferPartSerializer()
    is_delegated = serializers.BooleanField()


class WarningSerializer(serializers.Serializer):
    """Ce qu’il faut savoir pour lire la réponse."""

    message = serializers.CharField()
    code = serializers.CharField()


class JobsSerializer(serializers.Serializer):
    """La réponse de la recherche nationale."""

    jobs = JobSerializer(many=True)
    recruiters = serializers.ListField(
        child=serializers.DictField(), help_text="Toujours vide : seules de vraies offres sont servies."
    )
    warnings = WarningSerializer(many=True)


class OfferPageSerializer(JobsSerializer):
    """La réponse de la recherche nationale, et où est la page suivante."""

    next_cursor = serializers.CharField(allow_null=True)
    total = serializers.IntegerField(required=False, help_text="Seulement si « total » est demandé.")
