"""Wording and formatting only."""

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

BADGE_KINDS = {
    "pending": "new",
    "running": "info",
    "done": "success",
    "failed": "error",
    "refused": "error",
    "interrupted": "warning",
    "launched": "info",
    "scheduled": "new",
    "paused": "warning",
    "finished": "success",
    "seeking": "info",
    "in_contract": "success",
    "signed": "info",
    "broken": "warning",
    "queued": "new",
    "leased": "info",
    "sent": "success",
    "uncertain": "warning",
    "bounced": "error",
}


@register.filter
def badge_kind(state: str) -> str:
    """The colour that goes with a state of any workflow; grey when none is known."""
    return BADGE_KINDS.get(state, "")


@register.filter
def spaced(number: int | None) -> str:
    """12345 → « 12 345 » (narrow no-break space)."""
    return "–" if number is None else f"{number:,}".replace(",", "\u202f")


@register.filter
def phone(number: str) -> str:
    """0612345678 → « 06 12 34 56 78 »; anything else as it is."""
    if len(number) == 10 and number.isdigit():
        return "\u00a0".join(number[start : start + 2] for start in range(0, 10, 2))
    return number


@register.simple_tag(takes_context=True)
def nav_link(context: Context, name: str, label: str) -> SafeString:
    """A menu link; `aria-current` tells the page, or the section the page belongs to."""
    url = reverse(name)
    path = context["request"].path
    current = ""
    if path == url:
        current = format_html(' aria-current="{}"', "page")
    elif url != "/" and path.startswith(url):
        current = format_html(' aria-current="{}"', "true")
    return format_html('<a href="{}"{}>{}</a>', url, current, label)
