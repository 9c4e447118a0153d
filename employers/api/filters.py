"""The query of the national search, with the same names and the same refusals."""

from math import isfinite
from typing import Any

from rest_framework import serializers

from cells.api.pagination import PageQuery
from employers.searching import OfferCriteria, Point, occupations_of_certification

OPCOS = (
    "AFDAS",
    "AKTO / Opco entreprises et salariés des services à forte intensité de main d'oeuvre",
    "ATLAS",
    "Constructys",
    "L'Opcommerce",
    "OCAPIAT",
    "OPCO 2i",
    "Opco entreprises de proximité",
    "Opco Mobilités",
    "Opco Santé",
    "Uniformation, l'Opco de la Cohésion sociale",
)
MOST_CODES = 100


class FiniteField(serializers.FloatField):
    """« nan » is a float that no bound refuses."""

    def to_internal_value(self, data: Any) -> float:
        number = super().to_internal_value(data)
        if not isfinite(number):
            self.fail("invalid")
        return number


class CommaList(serializers.CharField):
    """« F1601,F1201 »"""

    def to_internal_value(self, data: Any) -> list[str]:  # type: ignore[override]
        return [part.strip() for part in super().to_internal_value(data).split(",") if part.strip()]


class RomeList(CommaList):
    def to_internal_value(self, data: Any) -> list[str]:  # type: ignore[override]
        codes = [code.upper() for code in super().to_internal_value(data)]
        wrong = [code for code in codes if not is_rome(code)]
        if wrong:
            raise serializers.ValidationError(f"Code ROME invalide : {wrong[0][:20]}. Exemple : F1601,F1201.")
        if len(codes) > MOST_CODES:
            raise serializers.ValidationError(f"{MOST_CODES} codes au plus.")
        return codes


def is_rome(code: str) -> bool:
    return len(code) == 5 and "A" <= code[0] <= "N" and code[1:].isascii() and code[1:].isdigit()


class OfferQuery(PageQuery):
    latitude = FiniteField(
        min_value=-90, max_value=90, required=False, help_text="Degrés (WGS 84), avec « longitude »."
    )
    longitude = FiniteField(
        min_value=-180, max_value=180, required=False, help_text="Degrés (WGS 84), avec « latitude »."
    )
    radius = FiniteField(min_value=0, max_value=200, default=30, help_text="Kilomètres autour du point, 30 par défaut.")
    romes = RomeList(max_length=1000, required=False, help_text="Codes ROME séparés par des virgules : F1601,F1201.")
    rncp = serializers.RegexField(
        r"^RNCP[0-9]{3,5}$",
        required=False,
        help_text="Certification : ses métiers s’ajoutent à « romes ».",
        error_messages={"invalid": "Écrivez le code comme RNCP34436."},
    )
    target_diploma_level = serializers.ChoiceField(
        ["3", "4", "5", "6", "7"],
        required=False,
        help_text="Niveau européen visé ; les offres qui n’en disent aucun viennent aussi.",
    )
    opco = serializers.ChoiceField(OPCOS, required=False, help_text="OPCO de l’employeur.")
    departements = serializers.ListField(
        child=serializers.RegexField(
            r"^([0-9]{2}|2[AB]|9[78][0-9])$", error_messages={"invalid": "Code de département inconnu : 76, 2A, 974…"}
        ),
        max_length=110,
        required=False,
        help_text="Codes de département ; répétez le paramètre.",
    )
    partners_to_exclude = serializers.ListField(
        child=serializers.CharField(max_length=100),
        max_length=50,
        required=False,
        help_text="Sources (« partner_label ») à écarter ; répétez le paramètre.",
    )
    q = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Texte cherché dans l’offre ou nom de métier."
    )
    updated_since = serializers.DateTimeField(
        required=False, help_text="Offres créées ou modifiées depuis (ISO 8601 avec fuseau)."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("latitude" in attrs) != ("longitude" in attrs):
            missing = "longitude" if "latitude" in attrs else "latitude"
            raise serializers.ValidationError({missing: "« latitude » et « longitude » vont ensemble."})
        if "rncp" in attrs:
            attrs["certified"] = self.occupations_of(attrs["rncp"])
        return attrs

    def occupations_of(self, rncp: str) -> list[str]:
        codes = occupations_of_certification(rncp)
        if not codes:
            raise serializers.ValidationError({"rncp": f"Aucun métier n’est connu pour {rncp}."})
        return codes


def criteria_of(query: dict[str, Any]) -> OfferCriteria:
    near = Point(query["latitude"], query["longitude"], query["radius"]) if "latitude" in query else None
    return OfferCriteria(
        near=near,
        words=query.get("q", ""),
        occupations=sorted({*query.get("romes", []), *query.get("certified", [])}),
        level=int(query["target_diploma_level"]) if "target_diploma_level" in query else None,
        opco=query.get("opco", ""),
        departments=query.get("departements", []),
        excluded_sources=query.get("partners_to_exclude", []),
        updated_since=query.get("updated_since"),
    )
