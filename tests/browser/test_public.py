"""A young person on a telephone: no account, three taps, and a way out of the mails."""

from django.urls import reverse
from playwright.sync_api import expect

from cells.mailing.tokens import make_token
from cells.models import Objection
from employers.models import Offer
from tests.browser.conftest import assert_reflows
from tests.cells.factories import CommuneFactory, CommunePostcodeFactory, OutgoingMailFactory
from tests.employers.factories import OfferFactory
