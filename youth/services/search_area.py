"""What decides how far matching looks for a young person, and whether they count as a minor."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from cells.errors import RefusedError
from cells.models import Commune
from cells.scoping import Viewer
from cells.services.audit import record_action
from youth.models import YoungPerson

WIDEST_KM = 500


@transaction.atomic
def change_search_area(
    young_person: YoungPerson, *, by: Viewer, radius_km: int, commune: Commune | None, birth_date: date | None
) -> YoungPerson:
    """A new commune moves the home to its centre; the same one keeps the home where the file placed it.

    The audit holds which facts changed, never their values.
    """
    if not by.is_counsellor or by.cell_id != young_person.cell_id:
        raise RefusedError("Seul un conseiller de la cellule qui suit ce jeune peut modifier sa recherche.")
    if not 1 <= radius_km <= WIDEST_KM:
        raise RefusedError(f"Rayon de recherche : de 1 à {WIDEST_KM} km.")
    if birth_date and birth_date > timezone.localdate():
        raise RefusedError("Date de naissance : elle est à venir.")
    person = YoungPerson.objects.select_for_update(of=("self",)).get(pk=young_person.pk)
    wanted: dict[str, Any] = {"radius_km": radius_km, "birth_date": birth_date}
    if commune and commune.pk != person.commune_id:
        wanted |= _home_in(commune)
    changed = sorted(name for name, value in wanted.items() if getattr(person, name) != value)
    if changed:
        for name in changed:
            setattr(person, name, wanted[name])
        person.save(update_fields=[*changed, "updated_at"])
        record_action("person.search_changed", by=by, target=person, facts={"changed": changed})
    return person


def _home_in(commune: Commune) -> dict[str, Any]:
    """The street of the former home goes with it."""
    postcode = commune.postcodes.order_by("postcode").values_list("postcode", flat=True).first()
    return {
        "commune": commune,
        "address": "",
        "postcode": postcode or "",
        "city": commune.name,
        "latitude": commune.latitude,
        "longitude": commune.longitude,
    }
