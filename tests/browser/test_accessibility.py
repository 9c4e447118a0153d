"""Every page and main state (empty, filled, wrong, over) is free of axe-core findings, on a desktop and at 320 px."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from cells.mailing.tokens import ANSWER, UNSUBSCRIBE, sign_mail
from cells.models import ImportBatch, RefusedRow
from employers.models import Offer
from matching.engine.obstacles import Obstacle
from matching.models import RecipientOffer, RunPerson
from matching.run_settings import RunSettings
from matching.services.congestion import Pairs, measure_congestion
from matching.services.live import live_top
from matching.services.relaxation import relief_of_people
from matching.workflow import CampaignState, RunState, SkipReason
from tests.browser.conftest import PASSWORD, assert_accessible
from tests.cells.factories import (
    CommuneFactory,
    CommunePostcodeFactory,
    ImportBatchFactory,
    MembershipFactory,
    OutgoingMailFactory,
    TrainingFactory,
)
from tests.employers.factories import ContractFactory, OfferFactory
from tests.matching.factories import (
    CampaignFactory,
    MatchFactory,
    MatchRunFactory,
    RecipientFactory,
    RunOfferFactory,
    RunPersonFactory,
)
from tests.youth.factories import GuardianFactory, WishFactory, YoungPersonFactory

REASONS = {"rank": 1, "rome": 1, "via": 0}


def failures(page, addresses, statuses=None) -> list[str]:
    """What is wrong, address by address; « address → name » presses the button of that name first.

    `statuses` are those other than 200, by address: a page one is not shown proves nothing.
    """
    found = []
    for address in addresses:
        path, _, button = address.partition(" → ")
        answer = page.goto(path)
        assert answer.status == (statuses or {}).get(address, 200), address
        if button:
            page.get_by_role("button", name=button).click()
            page.wait_for_load_state()
        expect(page.locator("[hx-trigger=load]")).to_have_count(0)
        try:
            assert_accessible(page)
        except AssertionError as error:
            found.append(f"{address}: {error}")
    return found


def url(name, *things) -> str:
    return reverse(name, args=[getattr(thing, "uuid", thing) for thing in things])


@pytest.fixture
def rouen(db):
    return CommunePostcodeFactory(commune=CommuneFactory(), postcode="76000").commune


def test_the_check_itself_sees_a_nameless_field_and_a_page_too_wide(page, db):
    page.set_content('<html lang="fr"><title>x</title><main><h1>x</h1><input></main>')
    with pytest.raises(AssertionError, match="label"):
        assert_accessible(page)
    page.set_content('<html lang="fr"><title>x</title><main><h1>x</h1><p style="width: 500px">x</p></main>')
    with pytest.raises(AssertionError, match="too wide"):
        assert_accessible(page)


# --- counsellors -------------------------------------------------------------------------------------------


@pytest.fixture
def lea(cell, rouen):
    """A full file: wishes open, closed and unknown, a guardian, a broken contract."""
    today = timezone.localdate()
    person = YoungPersonFactory(
        cell=cell, in_rouen=True, phone="0612345678", birth_date="2009-05-17", origin_school="Collège Saint-Saëns"
    )
    GuardianFactory(young_person=person, name="Anne Lefèvre", phone="0622222222")
    WishFactory(young_person=person, training=None, label="CAP inconnu", keys={"mef": "2472212431"}, rank=2)
    WishFactory(young_person=person, closed_at=timezone.now(), closed_reason="a changé de projet", rank=3)
    days = {"signed_on": today - timedelta(days=90), "starts_on": today - timedelta(days=80)}
    ContractFactory(young_person=person, state="broken", broken_on=today - timedelta(days=5), **days)
    return person


@pytest.fixture
def run(cell, lea):
    run = MatchRunFactory(cell=cell, people_count=2, people_with_offer=1, match_count=2, offer_count=9)
    wish = WishFactory(young_person=lea)
    for rank in (1, 2):
        MatchFactory(run=run, young_person=lea, wish=wish, rank=rank, reasons=REASONS)
    return run


@pytest.fixture
def launched(run, lea):
    """A campaign under way: one mail, one person without."""
    campaign = CampaignFactory(run=run, state=CampaignState.LAUNCHED, launched_at=timezone.now(), name="Lancée")
    mail = OutgoingMailFactory(stream=campaign.stream)
    recipient = RecipientFactory(campaign=campaign, young_person=lea, skip_reason="", mail=mail, address_of="self")
    match = run.matches.get(rank=1)
    RecipientOffer.objects.create(recipient=recipient, offer=match.offer, wish=match.wish, rank=1, score=1)
    RecipientFactory(campaign=campaign, skip_reason=SkipReason.NO_OFFER)
    return campaign


@pytest.fixture
def batch(cell):
    batch = ImportBatchFactory(cell=cell, refused_count=1, rows_read=1200, created_count=1199)
    RefusedRow.objects.create(batch=batch, line=7, column="Code postal", value="=cmd()", reason="Code illisible.")
    ImportBatchFactory(cell=cell, state=ImportBatch.State.REFUSED, message="Ce fichier est vide.")
    return batch


def test_pages_of_a_cell_that_has_nothing_yet(signed_in_page, manager, cell):
    alone = YoungPersonFactory(cell=cell, email="", identity_doubt="Même INE, autre nom.")
    run = MatchRunFactory(cell=cell, state=RunState.FAILED, message="Le calcul a échoué.")
    page = signed_in_page(manager)
    addresses = [
        url("cells:home"),
        url("youth:person-list") + "?tous=1&q=personne",
        url("youth:person-detail", alone),
        url("youth:training-unresolved"),
        url("youth:import-list"),
        url("matching:run-detail", run),
        url("matching:campaign-list"),
        "/rien",
    ]
    assert failures(page, addresses, {"/rien": 404}) == []


def test_pages_of_people(signed_in_page, manager, lea, run):
    TrainingFactory(label="CAP inconnu des autres")
    signed = ContractFactory(young_person__cell=lea.cell)
    page = signed_in_page(manager)
    addresses = [
        url("youth:person-list"),
        url("youth:person-detail", lea),
        url("youth:person-history", lea),
        url("youth:person-detail", signed.young_person),
        url("youth:wish-add", lea) + " → Ajouter le vœu",
        url("youth:wish-close", lea.wishes.open().first()),
        url("employers:contract-create", lea) + " → Enregistrer le contrat",
        url("employers:contract-break", signed),
        url("matching:for-young-person", lea),
        url("youth:search-area", lea) + "?rayon=50",
        url("youth:training-unresolved"),
        url("youth:training-resolve") + "?cle=mef:2472212431",
        url("youth:training-resolve") + "?cle=mef:2472212431 → C’est cette formation",
    ]
    assert failures(page, addresses) == []


def test_pages_of_long_work(signed_in_page, manager, cell, lea, run, launched, batch):
    reading = ImportBatchFactory(cell=cell, state=ImportBatch.State.RUNNING, finished_at=None)
    computing = MatchRunFactory(cell=cell, state=RunState.RUNNING, finished_at=None, progress=(1, 4))
    draft = CampaignFactory(run=run, name="Brouillon")
    page = signed_in_page(manager)
    addresses = [
        url("cells:home"),
        url("youth:import-list"),
        url("youth:import-create") + " → Déposer et lire le fichier",
        url("employers:import-create"),
        url("youth:import-detail", batch),
        url("youth:import-detail", reading),
        url("matching:run-list"),
        url("matching:run-detail", run),
        url("matching:run-detail", computing),
        url("matching:people-without-offer", run),
        url("matching:campaign-create", run) + " → Créer le brouillon",
        url("matching:campaign-list"),
        url("matching:campaign-audience"),
        url("matching:campaign-change", draft),
        url("matching:campaign-rehearsal", draft),
        url("matching:campaign-results", launched),
        url("matching:answer-list"),
        url("matching:mail-control") + " → Tout arrêter",
        url("matching:campaign-detail", draft),
        url("matching:campaign-launch", draft),
        url("matching:campaign-detail", launched),
        url("matching:recipient-preview", launched, lea),
    ]
    assert failures(page, addresses) == []


@pytest.fixture
def measured(cell, lea):
    """A run with its proof, its report, and something left on both sides."""
    offers = OfferFactory.create_batch(2, title="Commis de cuisine")
    people = np.arange(10)
    report = measure_congestion(
        people_ids=people,
        offer_ids=np.array([offer.pk for offer in offers]),
        allocated=Pairs(people, people % 2, np.full(10, 80)),
        top=Pairs(people, np.zeros(10, dtype=np.int64), np.full(10, 100)),
        budget=np.full(2, 5),
        positions=np.ones(2, dtype=np.int64),
        groups={"department": np.array(["76"] * 5 + ["27"] * 5), "age": np.array(["minor"] * 5 + ["adult"] * 5)},
    )
    bound = {"covered": 9, "coverable": 9, "score": 99_970, "upper": 100_000}
    run = MatchRunFactory(cell=cell, people_count=2, people_with_offer=1, report=report, bound=bound)
    WishFactory(young_person=lea)
    OfferFactory(latitude=49.85, longitude=1.0939)
    RunPersonFactory(run=run, young_person=lea, status=RunPerson.Status.NO_OFFER, obstacle=Obstacle.TOO_FAR)
    RunOfferFactory(run=run, offer=offers[0], exposure=0, obstacle=Obstacle.LEVEL)
    # The engine's loops are compiled here when they never were: a page would lose its patience.
    relief_of_people([lea.pk], RunSettings.resolve(timezone.localdate(), {}))
    live_top(lea)
    return run


def test_pages_that_explain(signed_in_page, manager, lea, measured):
    earlier = MatchRunFactory(cell=lea.cell, finished_at=timezone.now() - timedelta(days=2))
    MatchFactory(run=earlier, young_person=lea, reasons=REASONS)
    near, far = OfferFactory(title="Commis"), OfferFactory(latitude=48.0, accepts_minors=False)
    page = signed_in_page(manager)
    addresses = [
        url("matching:run-detail", measured),
        url("matching:run-report", measured),
        url("matching:run-report", earlier),
        url("matching:run-certificate", measured),
        url("matching:run-compare", measured),
        url("matching:run-compare", earlier),
        url("matching:people-without-offer", measured),
        url("matching:people-without-offer", measured) + f"?motif={int(Obstacle.TAKEN)}",
        url("matching:people-without-offer", earlier),
        url("matching:offers-without-people", measured),
        url("matching:offers-without-people", earlier),
        url("matching:why-not-search", lea),
        url("matching:why-not-search", lea) + "?q=commis",
        url("matching:why-not-search", lea) + "?q=zzz",
        url("matching:why-not", lea, far),
        url("matching:why-not", lea, near),
        url("matching:offer-people", near) + "?q=lefevre",
        url("matching:offer-people", far) + "?q=zzz",
        url("matching:for-young-person", lea),
    ]
    assert failures(page, addresses) == []


def test_pages_of_a_professional_of_no_cell_then_of_two(signed_in_page, django_user_model, cell, other_cell):
    user = django_user_model.objects.create_user("seul@jonction.exemple", PASSWORD, first_name="Seul", last_name="Ici")
    page = signed_in_page(user)
    assert failures(page, [url("cells:home")], {url("cells:home"): 403}) == []
    for one in (cell, other_cell):
        MembershipFactory(user=user, cell=one)
    assert failures(page, [url("cells:switch-membership")]) == []


# --- everybody ---------------------------------------------------------------------------------------------


def test_pages_that_need_no_account(page, cell, rouen):
    offer = OfferFactory(title="Apprenti cuisinier", apply_phone="0232000000", commune=rouen, positions=3)
    OfferFactory(title="Apprenti serveur", commune=rouen)
    over = OfferFactory(status=Offer.Status.FILLED)
    for insee, postcode in (("93066", "93200"), ("97411", "97400")):
        homonym = CommuneFactory(insee_code=insee, name="Saint-Denis", search_name="saint denis")
        CommunePostcodeFactory(commune=homonym, postcode=postcode)
    mail = OutgoingMailFactory(stream__cell=cell)
    search = url("employers:offer-search")
    unsubscribe = url("matching:unsubscribe", sign_mail(mail.uuid, purpose=UNSUBSCRIBE))
    recipient = RecipientFactory(campaign__run__cell=cell, skip_reason="", mail=mail, address_of="self")
    wish = WishFactory(young_person=recipient.young_person)
    RecipientOffer.objects.create(recipient=recipient, offer=offer, wish=wish, rank=1, score=1)
    token = sign_mail(mail.uuid, purpose=ANSWER)
    answers = [url("matching:answer-to", token, question) for question in ("trouve", "aide", offer)]
    addresses = [
        search,
        search + "?lieu=rouen&q=cuisinier",
        search + "?lieu=rouen&niveau=7",
        search + "?q=zzz&niveau=7",
        search + "?lieu=Xyzzy",
        search + "?lieu=saint-denis",
        url("employers:offer-detail", offer),
        url("employers:offer-detail", over),
        unsubscribe,
        unsubscribe + " → Ne plus recevoir ces offres",
        url("matching:unsubscribe", "faux"),
        url("matching:answer", token),
        *answers,
        answers[1] + " → Oui, appelez-moi",
        answers[2] + " → Ne plus proposer cette offre",
        url("cells:sign-in") + " → Se connecter",
        *(url(f"cells:{name}") for name in ("accessibility", "legal", "privacy", "cookies", "site-map")),
        url("docs"),
    ]
    statuses = {url("employers:offer-detail", over): 410, url("matching:unsubscribe", "faux"): 404}
    assert failures(page, addresses, statuses) == []
