"""An offer as schema.org's JobPosting, for search engines."""

import json
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe

from employers.models import Offer

# JSON inside a <script>: no character may end the element.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def offer_address(offer: Offer) -> str:
    """The page's one full address."""
    return settings.SITE_URL + reverse("employers:offer-detail", args=[offer.uuid])


def job_posting(offer: Offer) -> SafeString:
    """Ready to stand in `<script type="application/ld+json">`. No pay is told: nobody can vouch for it."""
    text = json.dumps(posting_of(offer), ensure_ascii=False)
    return mark_safe(text.translate(ESCAPES))


def posting_of(offer: Offer) -> dict[str, Any]:
    posting: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": offer.title,
        "description": linebreaks(offer.description or offer.title, autoescape=True),
        "datePosted": timezone.localdate(offer.published_at).isoformat(),
        "employmentType": "OTHER",
        "identifier": {"@type": "PropertyValue", "name": offer.partner_label, "value": offer.partner_job_id},
        "hiringOrganization": organisation_of(offer),
        "jobLocation": {"@type": "Place", "address": address_of(offer), **point_of(offer)},
        "directApply": False,
        "totalJobOpenings": offer.positions,
        "url": offer_address(offer),
    }
    if offer.expires_at:
        posting["validThrough"] = offer.expires_at.isoformat()
    if offer.starts_on:
        posting["jobStartDate"] = offer.starts_on.isoformat()
    if offer.remote == Offer.Remote.REMOTE:
        posting["jobLocationType"] = "TELECOMMUTE"
        posting["applicantLocationRequirements"] = {"@type": "Country", "name": "France"}
    return posting


def organisation_of(offer: Offer) -> dict[str, str]:
    organisation = {"@type": "Organization", "name": offer.employer.name}
    if offer.employer.website:
        organisation["sameAs"] = offer.employer.website
    return organisation


def address_of(offer: Offer) -> dict[str, str]:
    address = {"@type": "PostalAddress", "addressCountry": "FR"}
    if offer.address:
        address["streetAddress"] = offer.address
    if offer.commune:
        address["addressLocality"] = offer.commune.name
    return address


def point_of(offer: Offer) -> dict[str, Any]:
    if offer.latitude is None:
        return {}
    return {"geo": {"@type": "GeoCoordinates", "latitude": offer.latitude, "longitude": offer.longitude}}
