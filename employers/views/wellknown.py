"""What machines ask a public site for: robots.txt, sitemap.xml, security.txt."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from employers.searching import listed_offers
from employers.views.caching import open_page

PER_SITEMAP = 10_000
MOST_SITEMAPS = 50_000  # sitemaps.org: what one index may hold
DAY = 24 * 3600
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
TRUSTED_FOR = timedelta(days=90)


@open_page(seconds=DAY)
def robots(request: HttpRequest) -> HttpResponse:
    """Search engines may know the offers and the legal pages; everything else is work."""
    public = ["/offres/", *(reverse(f"cells:{name}") for name in ("accessibility", "legal", "privacy", "site-map"))]
    lines = ["User-agent: *", *(f"Allow: {path}" for path in public), "Allow: /sitemap", "Disallow: /"]
    return plain([*lines, "", f"Sitemap: {settings.SITE_URL}{reverse('employers:sitemap')}"])


@open_page(seconds=DAY)
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116."""
    expires = (timezone.now() + TRUSTED_FOR).replace(microsecond=0)
    return plain(
        [
            f"Contact: {settings.SITE_URL}{reverse('cells:legal')}",
            f"Expires: {expires.isoformat()}",
            "Preferred-Languages: fr, en",
            f"Canonical: {settings.SITE_URL}{reverse('employers:security-txt')}",
        ]
    )


@open_page(seconds=3600)
def sitemap(request: HttpRequest) -> HttpResponse:
    """The index: one part per ten thousand offers."""
    parts = max(1, -(-listed_offers().count() // PER_SITEMAP))
    addresses = (settings.SITE_URL + reverse("employers:sitemap-part", args=[number]) for number in range(1, parts + 1))
    return xml("sitemapindex", [f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses])


@open_page(seconds=3600)
def sitemap_part(request: HttpRequest, number: int) -> HttpResponse:
    if not 1 <= number <= MOST_SITEMAPS:
        raise Http404
    start = (number - 1) * PER_SITEMAP
    rows = list(listed_offers().values_list("uuid", "updated_at")[start : start + PER_SITEMAP])
    if not rows and number != 1:
        raise Http404
    base = settings.SITE_URL + reverse("employers:offer-search")
    urls = [
        f"<url><loc>{base}{uuid}/</loc><lastmod>{timezone.localdate(changed):%Y-%m-%d}</lastmod></url>"
        for uuid, changed in rows
    ]
    return xml("urlset", [f"<url><loc>{base}</loc></url>", *urls] if number == 1 else urls)


def plain(lines: list[str]) -> HttpResponse:
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def xml(root: str, children: list[str]) -> HttpResponse:
    """Addresses and dates of ours: nothing to escape."""
    body = "".join(children)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">{body}</{root}>\n'
    return HttpResponse(text, content_type="application/xml; charset=utf-8")
