"""The offers as anyone sees them: no account, no cookie, no personal data."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode

from cells.communes import FoundPlace, find_place
from cells.views.paging import page_of, query_without_page
from employers.job_posting import job_posting, offer_address
from employers.models import Offer
from employers.search_form import RADIUS_CHOICES, OfferSearchForm
from employers.searching import OfferCriteria, Point, find_any_offer, find_offers, is_public, similar_offers
from employers.views.caching import open_page

PER_PAGE = 20
NEW_FOR = timedelta(days=7)
LEVEL_NAMES = {3: "CAP", 4: "Bac", 5: "Bac+2", 6: "Bac+3", 7: "Bac+5", 8: "Doctorat"}
NOT_FOUND = "Aucune commune ne porte ce nom ou ce code postal. Vérifiez l’orthographe."
AMBIGUOUS = "Plusieurs communes répondent : choisissez la vôtre ci-dessous."


@open_page(seconds=60)
def offer_search(request: HttpRequest) -> HttpResponse:
    form = OfferSearchForm(request.GET)
    place = find_place(form.cleaned_data["lieu"]) if form.is_valid() and form.cleaned_data["lieu"] else None
    if place and place.commune is None:
        form.add_error("lieu", AMBIGUOUS if place.choices else NOT_FOUND)
    context = {
        "form": form,
        "choices": choices_of(form, place),
        "canonical": settings.SITE_URL + reverse("employers:offer-search"),
        "is_search": bool(request.GET),
    }
    if form.is_valid():
        context |= results_of(request, form, place)
    return render(request, "employers/offer_search.html", context)


@open_page(seconds=60)
def offer_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    offer = find_any_offer(uuid)
    if offer is None:
        raise Http404
    if not is_public(offer):
        return offer_gone(request, offer)
    context = {
        "offer": offer,
        "facts": facts_of(offer),
        "lists": [(title, items) for title, items in lists_of(offer) if items],
        "has_contact": bool(offer.apply_url or offer.apply_email or offer.apply_phone),
        "is_new": is_new(offer),
        "tagline": tagline_of(offer),
        "similar": [card_of(one) for one in similar_offers(offer)],
        "posting": job_posting(offer),
        "canonical": offer_address(offer),
        "summary": summary_of(offer),
    }
    return render(request, "employers/offer_detail.html", context)


def offer_gone(request: HttpRequest, offer: Offer) -> HttpResponse:
    """An employer who objects is not named, even in the past."""
    title = "" if offer.employer.objects_to_contact else offer.title
    context = {"offer_title": title, "similar": [card_of(one) for one in similar_offers(offer)]}
    return render(request, "employers/offer_gone.html", context, status=410)


def results_of(request: HttpRequest, form: OfferSearchForm, place: FoundPlace | None) -> dict[str, Any]:
    criteria = criteria_of(form, place)
    page = page_of(request, find_offers(criteria), PER_PAGE)
    return {
        "page": page,
        "cards": [card_of(offer) for offer in page],
        "query": query_without_page(request),
        "heading": heading_of(page.paginator.count, page.paginator.is_cut, place),
        "wider": [] if page.paginator.count else wider_searches(form, criteria),
    }


def choices_of(form: OfferSearchForm, place: FoundPlace | None) -> list[tuple[str, str, str]]:
    """Communes to choose from: (name and postcode, department, address of the search there)."""
    found = place.choices if place else []
    return [(label, commune.department.name, search_url(form, lieu=label)) for label, commune in found]


def criteria_of(form: OfferSearchForm, place: FoundPlace | None) -> OfferCriteria:
    asked = form.cleaned_data
    near = None
    if place and place.commune:
        near = Point(place.commune.latitude, place.commune.longitude, asked["rayon"])
    return OfferCriteria(near=near, words=asked["q"], level=asked["niveau"])


def heading_of(count: int, is_cut: bool, place: FoundPlace | None) -> str:
    number = f"{count:,}".replace(",", "\u202f")
    found = f"Plus de {number} offres" if is_cut else f"{number} offre{'s' if count > 1 else ''}"
    if not count:
        found = "Aucune offre"
    return f"{found} près de {place.commune.name}" if place and place.commune else found


def wider_searches(form: OfferSearchForm, criteria: OfferCriteria) -> list[tuple[str, int, str]]:
    """What to give up to find something: (words, how many offers, address). Only what helps is proposed."""
    tries: list[tuple[str, OfferCriteria, dict[str, Any]]] = []
    if criteria.near:
        tries += [
            (f"jusqu’à {km} km", criteria.widened(near=criteria.near._replace(km=km)), {"rayon": km})
            for km in RADIUS_CHOICES
            if km > criteria.near.km
        ]
    if criteria.level:
        tries.append(("tous les diplômes", criteria.widened(level=None), {"niveau": ""}))
    if criteria.words:
        tries.append(("tous les métiers", criteria.widened(words=""), {"q": ""}))
    if criteria.near:
        tries.append(("partout en France", criteria.widened(near=None), {"lieu": ""}))
    counted = [(label, find_offers(wider).count(), search_url(form, **change)) for label, wider, change in tries]
    return [found for found in counted if found[1]]


def search_url(form: OfferSearchForm, **changes: Any) -> str:
    """The same search with something changed."""
    asked = {name: form.data.get(name, "") for name in form.fields} | changes
    return f"{reverse('employers:offer-search')}?{urlencode({name: value for name, value in asked.items() if value})}"


def card_of(offer: Offer) -> dict[str, str]:
    where = offer.commune.name if offer.commune else offer.address
    meta = [distance_of(offer), level_of(offer), start_of(offer)]
    return {
        "url": reverse("employers:offer-detail", args=[offer.uuid]),
        "title": offer.title,
        "detail": " – ".join(part for part in (offer.employer.name, where) if part),
        "meta": " · ".join(part for part in meta if part),
        "badge": "Nouveau" if is_new(offer) else "",
    }


def tagline_of(offer: Offer) -> str:
    """Where, for which diploma, when: what a young person asks first."""
    parts = [offer.commune.name if offer.commune else "", level_of(offer), start_of(offer)]
    return " · ".join(part for part in parts if part)


def is_new(offer: Offer) -> bool:
    return timezone.now() - offer.published_at < NEW_FOR


def distance_of(offer: Offer) -> str:
    metres = getattr(offer, "metres", None)
    if metres is None:
        return ""
    return "à moins de 1 km" if metres < 1000 else f"à {round(metres / 1000)} km"


def level_of(offer: Offer) -> str:
    return LEVEL_NAMES.get(offer.target_level_id or 0, "")


def start_of(offer: Offer) -> str:
    return f"début {date_format(offer.starts_on, 'F Y')}" if offer.starts_on else ""


def facts_of(offer: Offer) -> list[tuple[str, str]]:
    facts = [
        ("Employeur", offer.employer.name),
        ("Lieu", offer.address or (str(offer.commune) if offer.commune else "")),
        ("Contrat", ", ".join(offer.contract_types)),
        ("Diplôme préparé", str(offer.target_level) if offer.target_level else ""),
        ("Début", date_format(offer.starts_on, "j F Y") if offer.starts_on else "dès que possible"),
        ("Durée", f"{offer.duration_months} mois" if offer.duration_months else ""),
        ("Télétravail", offer.get_remote_display()),
        ("Postes", str(offer.positions) if offer.positions > 1 else ""),
        ("Pour les moins de 18 ans", "" if offer.accepts_minors else "non"),
        ("Métier", ", ".join(occupation.label for occupation in offer.occupations.all())),
        ("Activité de l’employeur", offer.employer.description),
        ("Effectif", f"{offer.employer.size} salariés" if offer.employer.size else ""),
        ("Publiée le", date_format(timezone.localdate(offer.published_at), "j F Y")),
        ("Valable jusqu’au", date_format(timezone.localdate(offer.expires_at), "j F Y") if offer.expires_at else ""),
        ("Source", offer.partner_label),
    ]
    return [(label, value) for label, value in facts if value]


def lists_of(offer: Offer) -> list[tuple[str, list[str]]]:
    return [
        ("Ce qui est attendu de vous", offer.desired_skills),
        ("Ce que vous apprendrez", offer.to_be_acquired_skills),
        ("Conditions", offer.access_conditions),
    ]


def summary_of(offer: Offer) -> str:
    """For search engines and shared links: one line."""
    where = f" à {offer.commune.name}" if offer.commune else ""
    return f"Apprentissage : {offer.title} chez {offer.employer.name}{where}."
