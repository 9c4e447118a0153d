"""What a campaign's mail says. Nothing is decided here: the offers and their reasons were frozen at launch."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from email.utils import parseaddr
from functools import cache

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import mark_safe

from cells.mailing.message import Content, automatic_headers, list_headers, mailbox
from cells.mailing.stencils import fill_stencil
from cells.mailing.tokens import ANSWER, UNSUBSCRIBE, sign_mail
from cells.models import Cell
from matching.models import Campaign
from matching.wording import Audience, Proposal, word_reasons

# By kind, an offer's template and the letter's around it.
TEMPLATES = {
    "txt": ("matching/email/_offer.txt", "matching/email/offers.txt"),
    "html": ("matching/email/_offer.html", "matching/email/offers.html"),
}
LIST_NAME = "Offres d’apprentissage"
NOT_SENT_YET = uuid.UUID(int=0)  # the links of a preview lead to no mail
TEST_MARK = "[Essai] "
TEST_BANNER = "Ceci est un essai envoyé à l’équipe de la cellule. Ses liens de réponse ne mènent nulle part."
# What the answer page asks, besides an offer's uuid.
FOUND, HELP = "trouve", "aide"


@dataclass(frozen=True, slots=True)
class OfferLine:
    number: str
    title: str
    employer: str
    place: str
    reasons: list[str]
    url: str
    refuse_url: str
    refuse_label: str


@dataclass(frozen=True, slots=True)
class Letter:
    """All that the templates may name. The subject says nothing of the person: it shows on a locked phone."""

    subject: str
    banner: str
    heading: str
    greeting: str
    opening: str
    answers: str
    found_url: str
    found_label: str
    help_url: str
    help_label: str
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
    is_test: bool = False,
) -> Content:
    """The campaign's cell must be loaded. A guardian is written to about the young person, by first name only.

    A test says so in its subject and first line, and its links lead nowhere.
    """
    token = sign_mail(mail_uuid, purpose=ANSWER)
    unsubscribe_url = public_url("matching:unsubscribe", sign_mail(mail_uuid, purpose=UNSUBSCRIBE))
    words = _to_guardian if to_guardian else _to_young_person
    audience: Audience = "counsellor" if to_guardian else "young"
    said = words(first_name, len(proposals), campaign.wording == Campaign.Wording.REMINDER)
    refuse_label = said.pop("refuse_label")
    letter = Letter(
        **said | ({"subject": TEST_MARK + said["subject"]} if is_test else {}),
        banner=TEST_BANNER if is_test else "",
        found_url=public_url("matching:answer-to", token, FOUND),
        help_url=public_url("matching:answer-to", token, HELP),
        site_name=settings.SITE_NAME,
        cell_name=campaign.cell.name,
        cell_phone=campaign.cell.phone,
        reply_to=campaign.cell.reply_to,
        privacy_url=public_url("cells:privacy"),
        unsubscribe_url=unsubscribe_url,
    )
    lines = [
        _line(number, proposal, audience, token, refuse_label) for number, proposal in enumerate(proposals, start=1)
    ]
    return Content(
        subject=letter.subject,
        text=_written("txt", letter, lines).strip() + "\n",
        html=_written("html", letter, lines),
        headers=_headers(campaign, unsubscribe_url),
    )


def _written(kind: str, letter: Letter, lines: Sequence[OfferLine]) -> str:
    piece, whole = TEMPLATES[kind]
    pieces = (fill_stencil(piece, "offer", _values(line)) for line in lines)
    offers = mark_safe("".join(pieces))  # each piece was escaped, or not, by its own template
    return fill_stencil(whole, "letter", {**_values(letter), "offers": offers})


def _values(words: OfferLine | Letter) -> dict[str, str | list[str]]:
    return {field.name: getattr(words, field.name) for field in fields(words)}


def public_url(name: str, *arguments: str) -> str:
    """`arguments` are texts that a URL takes as they are: uuids, tokens."""
    return f"{settings.SITE_URL}{_path(name, len(arguments)).format(*arguments)}"


@cache
def _path(name: str, arguments: int) -> str:
    """« /offres/{}/ »: reversed once with stand-ins of the kind the route takes."""
    stand_ins = [str(uuid.UUID(int=number)) for number in range(arguments)]
    path = reverse(name, args=stand_ins).replace("{", "{{").replace("}", "}}")
    for stand_in in stand_ins:
        path = path.replace(stand_in, "{}")
    return path


def _line(number: int, proposal: Proposal, audience: Audience, token: str, refuse_label: str) -> OfferLine:
    offer = proposal.offer
    return OfferLine(
        number=str(number),
        title=offer.title,
        employer=offer.employer.name,
        place=str(offer.commune) if offer.commune else offer.address,
        reasons=word_reasons(proposal, audience=audience),
        url=public_url("employers:offer-detail", str(offer.uuid)),
        refuse_url=public_url("matching:answer-to", token, str(offer.uuid)),
        refuse_label=refuse_label,
    )


def _headers(campaign: Campaign, unsubscribe_url: str) -> dict[str, str]:
    cell = campaign.cell
    return {
        "From": mailbox(sender_name(cell), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]),
        "Reply-To": mailbox(cell.name, cell.reply_to),
        "X-Campaign": campaign.uuid.hex,
        "Feedback-ID": f"{campaign.pk}:{cell.pk}:offres:{settings.MAIL_DOMAIN}",
        **automatic_headers(),
        **list_headers(
            unsubscribe_url=unsubscribe_url,
            list_name=LIST_NAME,
            list_id=f"offres.{cell.region_id}.{settings.MAIL_DOMAIN}",
        ),
    }


def sender_name(cell: Cell) -> str:
    return f"{cell.name} ({settings.SITE_NAME})"


def _offers(count: int, is_reminder: bool) -> str:
    if count == 1:
        return f"une {'nouvelle ' if is_reminder else ''}offre d’apprentissage"
    return f"{count} {'nouvelles ' if is_reminder else ''}offres d’apprentissage"


def _to_young_person(first_name: str, count: int, is_reminder: bool) -> dict[str, str]:
    several = count > 1
    subject = "offres d’apprentissage pour vous" if several else "offre d’apprentissage pour vous"
    start = ("De nouvelles" if several else "Une nouvelle") if is_reminder else ("Des" if several else "Une")
    return {
        "subject": f"{start} {subject}",
        "heading": "Des offres choisies d’après vos vœux" if several else "Une offre choisie d’après vos vœux",
        "greeting": f"Bonjour {first_name},",
        "opening": f"Voici {_offers(count, is_reminder)} pour vous, avec ce qui nous "
        f"{'les ' if several else 'l’'}a fait choisir.",
        "answers": "Dites-nous où vous en êtes",
        "refuse_label": "Pas pour moi",
        "found_label": "J’ai trouvé un employeur",
        "help_label": "J’ai besoin d’aide, appelez-moi",
        "closing": "Une question, ou besoin d’aide pour candidater ? Répondez à ce message : nous vous répondrons.",
        "why": "Vous recevez ce message parce que vous avez formulé des vœux d’apprentissage "
        "et que la cellule régionale vous aide à trouver un employeur.",
    }


def _to_guardian(first_name: str, count: int, is_reminder: bool) -> dict[str, str]:
    return {
        "subject": "Offres d’apprentissage : message aux responsables légaux",
        "heading": "Offres d’apprentissage : message aux responsables légaux",
        "greeting": "Madame, Monsieur,",
        "opening": f"Voici {_offers(count, is_reminder)} pour {first_name}, d’après les vœux formulés. "
        "Merci de lui transmettre ce message.",
        "answers": f"Dites-nous où en est {first_name}",
        "refuse_label": f"Pas pour {first_name}",
        "found_label": f"{first_name} a trouvé un employeur",
        "help_label": "Nous avons besoin d’aide, appelez-nous",
        "closing": "Une question, ou besoin d’aide pour candidater ? Répondez à ce message : nous vous répondrons.",
        "why": f"Vous recevez ce message parce que {first_name} a formulé des vœux d’apprentissage, que la cellule "
        "régionale aide à trouver un employeur, et que vous êtes indiqué comme responsable légal.",
    }
