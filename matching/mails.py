"""What a campaign's mail says. Nothing is decided here: the offers and their reasons were frozen at launch."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse

from cells.mailing.message import Content, automatic_headers, list_headers, mailbox
from cells.mailing.tokens import UNSUBSCRIBE, sign_mail
from cells.models import Cell
from matching.models import Campaign
from matching.wording import Audience, Proposal, word_reasons

LIST_NAME = "Offres d’apprentissage"


@dataclass(frozen=True, slots=True)
class OfferLine:
    title: str
    employer: str
    place: str
    reasons: list[str]
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """All that the templates may name. The subject says nothing of the person: it shows on a locked phone."""

    subject: str
    heading: str
    greeting: str
    opening: str
    offers: list[OfferLine]
    closing: str
    why: str
    site_name: str
    cell_name: str
    cell_phone: str
    reply_to: str
    privacy_url: str
    unsubscribe_url: str


def compose_offers_mail(
    campaign: Campaign,
    proposals: Sequence[Proposal],
    *,
    first_name: str,
    to_guardian: bool,
    mail_uuid: uuid.UUID,
) -> Content:
    """The campaign's cell must be loaded. A guardian is written to about the young person, by first name only."""
    unsubscribe_url = public_url("matching:unsubscribe", sign_mail(mail_uuid, purpose=UNSUBSCRIBE))
    words = _to_guardian if to_guardian else _to_young_person
    audience: Audience = "counsellor" if to_guardian else "young"
    letter = Letter(
        **words(first_name, len(proposals)),
        offers=[_line(proposal, audience) for proposal in proposals],
        site_name=settings.SITE_NAME,
        cell_name=campaign.cell.name,
        cell_phone=campaign.cell.phone,
        reply_to=campaign.cell.reply_to,
        privacy_url=public_url("cells:privacy"),
        unsubscribe_url=unsubscribe_url,
    )
    context = {"letter": letter, "subject": letter.subject}
    return Content(
        subject=letter.subject,
        text=get_template("matching/email/offers.txt").render(context).strip() + "\n",
        html=get_template("matching/email/offers.html").render(context),
        headers=_headers(campaign, unsubscribe_url),
    )


def public_url(name: str, *arguments: object) -> str:
    return f"{settings.SITE_URL}{reverse(name, args=arguments)}"


def _line(proposal: Proposal, audience: Audience) -> OfferLine:
    offer = proposal.offer
    return OfferLine(
        title=offer.title,
        employer=offer.employer.name,
        place=str(offer.commune) if offer.commune else offer.address,
        reasons=word_reasons(proposal, audience=audience),
        url=public_url("employers:offer-detail", offer.uuid),
    )


def _headers(campaign: Campaign, unsubscribe_url: str) -> dict[str, str]:
    cell = campaign.cell
    return {
        "From": mailbox(sender_name(cell), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]),
        "Reply-To": mailbox(cell.name, cell.reply_to),
        "X-Campaign": campaign.uuid.hex,
        **automatic_headers(),
        **list_headers(
            unsubscribe_url=unsubscribe_url,
            list_name=LIST_NAME,
            list_id=f"offres.{cell.region_id}.{settings.MAIL_DOMAIN}",
        ),
    }


def sender_name(cell: Cell) -> str:
    return f"{cell.name} ({settings.SITE_NAME})"


def _offers(count: int) -> str:
    return "une offre d’apprentissage" if count == 1 else f"{count} offres d’apprentissage"


def _to_young_person(first_name: str, count: int) -> dict[str, str]:
    return {
        "subject": "Des offres d’apprentissage pour vous" if count > 1 else "Une offre d’apprentissage pour vous",
        "heading": "Des offres choisies d’après vos vœux" if count > 1 else "Une offre choisie d’après vos vœux",
        "greeting": f"Bonjour {first_name},",
        "opening": f"Voici {_offers(count)} pour vous, avec ce qui nous les a fait choisir."
        if count > 1
        else f"Voici {_offers(count)} pour vous, avec ce qui nous l’a fait choisir.",
        "closing": "Une question, besoin d’aide pour candidater, ou déjà un employeur ? "
        "Répondez à ce message : nous vous répondrons.",
        "why": "Vous recevez ce message parce que vous avez formulé des vœux d’apprentissage "
        "et que la cellule régionale vous aide à trouver un employeur.",
    }


def _to_guardian(first_name: str, count: int) -> dict[str, str]:
    return {
        "subject": "Offres d’apprentissage : message aux responsables légaux",
        "heading": "Offres d’apprentissage : message aux responsables légaux",
        "greeting": "Madame, Monsieur,",
        "opening": f"Voici {_offers(count)} pour {first_name}, d’après les vœux formulés. "
        "Merci de lui transmettre ce message.",
        "closing": f"Une question, ou {first_name} a déjà un employeur ? Répondez à ce message : nous vous répondrons.",
        "why": f"Vous recevez ce message parce que {first_name} a formulé des vœux d’apprentissage, que la cellule "
        "régionale aide à trouver un employeur, et que vous êtes indiqué comme responsable légal.",
    }
