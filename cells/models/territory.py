"""The French territory as reference data: loaded by `load_reference`, never typed by hand."""

import math
from typing import Self

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import ACos, Cos, Greatest, Least, Radians, Sin

EARTH_RADIUS_KM = 6371.0088
KM_PER_DEGREE = 111.195


def place_constraints(name: str, columns: str = "") -> list[models.BaseConstraint]:
    """WGS 84 bounds, and never half a place. `name` keeps constraints' names unique, `columns` prefixes the columns."""
    latitude, longitude = f"{columns}latitude", f"{columns}longitude"
    nowhere = Q(**{f"{latitude}__isnull": True, f"{longitude}__isnull": True})
    somewhere = Q(**{f"{latitude}__isnull": False, f"{longitude}__isnull": False})
    bounds = Q(**{f"{latitude}__range": (-90, 90), f"{longitude}__range": (-180, 180)})
    return [
        models.CheckConstraint(name=f"{name}_place_in_bounds", condition=nowhere | bounds),
        models.CheckConstraint(name=f"{name}_place_whole", condition=nowhere | somewhere),
    ]


def distance_km(latitude: float, longitude: float) -> CombinedExpression:
    """Great-circle distance in km between a row's place and a point, as an SQL expression."""
    cosine = Sin(Radians(Value(latitude))) * Sin(Radians(F("latitude"))) + Cos(Radians(Value(latitude))) * Cos(
        Radians(F("latitude"))
    ) * Cos(Radians(F("longitude")) - Radians(Value(longitude)))
    bounded = Least(Value(1.0), Greatest(Value(-1.0), cosine))
    return ACos(bounded, output_field=models.FloatField()) * Value(EARTH_RADIUS_KM)


class PlacedQuerySet(models.QuerySet):
    """Rows with a latitude and a longitude."""

    def near(self, latitude: float, longitude: float, km: float) -> Self:
        """Rows within `km`, each with `distance` in km; the box lets the index discard the rest first."""
        return (
            self.filter(**box(latitude, longitude, km))
            .annotate(distance=distance_km(latitude, longitude))
            .filter(distance__lte=km)
        )


def box(latitude: float, longitude: float, km: float) -> dict[str, tuple[float, float]]:
    """Lookups of a rectangle that holds the circle; near a pole or the date line, of the whole band of latitudes."""
    height = km / KM_PER_DEGREE
    lookups = {"latitude__range": (latitude - height, latitude + height)}
    farthest = abs(latitude) + height
    width = height / math.cos(math.radians(farthest)) if farthest < 89 else 360.0
    if abs(longitude) + width < 180:
        lookups["longitude__range"] = (longitude - width, longitude + width)
    return lookups


class Region(models.Model):
    code = models.CharField("code INSEE", max_length=2, primary_key=True)
    name = models.CharField("nom", max_length=60, unique=True)

    class Meta:
        verbose_name = "région"
        ordering = ["name"]

    def __str__(self):
        return self.name


class Academy(models.Model):
    code = models.CharField("code", max_length=2, primary_key=True)
    name = models.CharField("nom", max_length=60, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="academies", verbose_name="région")

    class Meta:
        verbose_name = "académie"
        ordering = ["name"]

    def __str__(self):
        return self.name


class Department(models.Model):
    code = models.CharField("code INSEE", max_length=3, primary_key=True)
    name = models.CharField("nom", max_length=60)
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, related_name="departments", verbose_name="région"
    )  # overseas collectivities belong to no region
    academy = models.ForeignKey(Academy, models.PROTECT, null=True, related_name="departments", verbose_name="académie")
    time_zone = models.CharField("fuseau horaire", max_length=40, default="Europe/Paris")

    class Meta:
        verbose_name = "département"
        ordering = ["code"]

    def __str__(self):
        return f"{self.name} ({self.code})"


class Commune(models.Model):
    insee_code = models.CharField("code INSEE", max_length=5, primary_key=True)
    name = models.CharField("nom", max_length=60)
    search_name = models.CharField("nom sans accents", max_length=60, db_index=True)
    department = models.ForeignKey(Department, models.PROTECT, related_name="communes", verbose_name="département")
    population = models.PositiveIntegerField("population", default=0)
    latitude = models.FloatField("latitude", null=True)
    longitude = models.FloatField("longitude", null=True)

    objects = PlacedQuerySet.as_manager()

    class Meta:
        verbose_name = "commune"
        ordering = ["name", "insee_code"]
        constraints = place_constraints("commune")
        indexes = [models.Index(fields=["latitude", "longitude"], name="commune_place")]

    def __str__(self):
        return f"{self.name} ({self.department_id})"


class CommunePostcode(models.Model):
    commune = models.ForeignKey(Commune, models.CASCADE, related_name="postcodes", verbose_name="commune")
    postcode = models.CharField("code postal", max_length=5, db_index=True)

    class Meta:
        verbose_name = "code postal"
        verbose_name_plural = "codes postaux"
        constraints = [models.UniqueConstraint(fields=["commune", "postcode"], name="commune_postcode_once")]

    def __str__(self):
        return self.postcode
