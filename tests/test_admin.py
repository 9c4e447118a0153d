"""The technical team looks at everything and changes nothing."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cells.models import (
    Activity,
    MailPolicy,
    MailRate,
    Objection,
    ReferenceDataset,
    RefusalRule,
    RefusedRow,
    Suppression,
    TrainingAlias,
)
from cells.scoping import NOBODY
from cells.services.audit import record_action
from matching.models import RecipientOffer
from tests.cells.factories import (
    AcademyFactory,
    ApiKeyFactory,
    CommunePostcodeFactory,
    ImportBatchFactory,
    MailReportFactory,
    MembershipFactory,
    OrganisationFactory,
    OutgoingMailFactory,
    TrainingCentreFactory,
    TrainingFactory,
    UserFactory,
)
from tests.employers.factories import ContractFactory, OfferFactory
from tests.matching.factories import (
    CampaignAnswerFactory,
    CampaignFactory,
    MatchFactory,
    OfferRefusalFactory,
    RecipientFactory,
    RunCertificateFactory,
    RunOfferFactory,
    RunPersonFactory,
    RunShardFactory,
)
from tests.support.queries import only_reading
from tests.test_architecture import LAYERS
from tests.youth.factories import GuardianFactory, WishFactory, YoungPersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("published")]
OUR_MODELS = [model for model in apps.get_models() if model._meta.app_label in LAYERS]


def make_rows(number):
    """One more row of everything."""
    AcademyFactory(code=f"{number:02d}")
    Activity.objects.create(code=f"{number:04d}Z", label="Activité")
    CommunePostcodeFactory(postcode=f"{76000 + number}")
    ReferenceDataset.objects.create(kind="rome", version="1", source="x", licence="x", sha256=str(number), rows=1)
    TrainingAlias.objects.create(key=f"label:{number}", training=TrainingFactory(centre=TrainingCentreFactory()))
    MembershipFactory(organisation=OrganisationFactory(), user=UserFactory())
    ApiKeyFactory()
    RefusedRow.objects.create(batch=ImportBatchFactory(), line=1, reason="x", value="Secret")
    OutgoingMailFactory(text="Bonjour Secret")
    MailPolicy.objects.get_or_create(pk=1)
    MailRate.objects.create(domain=f"{number}.exemple.fr", per_minute=1, burst=1)
    RefusalRule.objects.create(code=f"5.9.{number}", action="pause", valid_from="2026-01-01")
    Suppression.objects.create(address_hash=str(number), reason="dead")
    MailReportFactory(diagnostic="<secret@exemple.fr> inconnu")
    Objection.objects.create(purpose="offers", address_hash=str(number), source="page")
    match = MatchFactory(run=CampaignFactory(run__progress=(1, 2)).run, young_person=YoungPersonFactory(in_rouen=True))
    RunCertificateFactory()
    RunOfferFactory()
    RunPersonFactory()
    RunShardFactory()
    CampaignAnswerFactory()
    OfferRefusalFactory()
    RecipientOffer.objects.create(
        recipient=RecipientFactory(), offer=OfferFactory(), wish=match.wish, rank=1, score=1, reasons={}
    )
    ContractFactory()
    GuardianFactory()
    record_action("api_key.issued", by=NOBODY)


@pytest.fixture
def looker(signed_in):
    """Staff without a single permission of Django's own."""
    return signed_in(UserFactory(is_staff=True))


def changelist(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def change(obj):
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


def test_every_model_of_ours_is_there_and_nothing_else():
    assert set(admin.site._registry) == set(OUR_MODELS)


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_staff_read_lists_and_details_without_writing(looker, model):
    make_rows(1)
    with only_reading():
        assert looker.get(changelist(model)).status_code == 200
        assert looker.get(changelist(model), {"q": "abc"}).status_code == 200
        assert looker.get(change(model._base_manager.first())).status_code == 200


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_nobody_writes_not_even_a_superuser(signed_in, staff, model):
    make_rows(1)
    client, obj = signed_in(staff), model._base_manager.first()
    before = model._base_manager.count()
    add = changelist(model) + "add/"
    delete = change(obj).replace("/change/", "/delete/")
    assert [client.post(address, {}).status_code for address in (add, change(obj), delete)] == [403, 403, 403]
    client.post(changelist(model), {"action": "delete_selected", "_selected_action": [obj.pk]})
    assert model._base_manager.count() == before


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_people_who_are_not_staff_stay_outside(signed_in, alice, client, model):
    for visitor in (client, signed_in(alice)):
        response = visitor.get(changelist(model))
        assert response.status_code == 302
        assert "/admin/login/" in response["Location"] or "/connexion/" in response["Location"]


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_a_list_costs_the_same_for_two_rows_and_for_more(looker, model):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            looker.get(changelist(model))
        return len(queries)

    make_rows(1)
    make_rows(2)
    for_few = cost()
    for number in range(3, 7):
        make_rows(number)
    assert cost() == for_few


def test_lists_show_no_name_of_a_person(looker):
    make_rows(1)
    YoungPersonFactory(last_name="Secret", first_name="Zoé", email="secret@exemple.fr")
    for model in OUR_MODELS:
        page = looker.get(changelist(model)).content.decode()
        assert not {word for word in ("Secret", "Zoé", "secret@exemple.fr") if word in page}, model


@pytest.mark.parametrize("name", ["uuid", "ine"])
def test_a_person_is_found_by_identifier_only(looker, name):
    person, other = YoungPersonFactory(), YoungPersonFactory()
    page = looker.get(changelist(type(person)), {"q": str(getattr(person, name))}).content.decode()
    assert str(person.uuid) in page
    assert str(other.uuid) not in page
    by_name = looker.get(changelist(type(person)), {"q": person.last_name}).content.decode()
    assert str(person.uuid) not in by_name


@pytest.mark.parametrize("factory", [YoungPersonFactory, GuardianFactory, WishFactory, ContractFactory])
def test_opening_a_file_is_traced(looker, published, factory, django_capture_on_commit_callbacks):
    row = factory()
    person = getattr(row, "young_person", row)
    with django_capture_on_commit_callbacks(execute=True):
        looker.get(change(row))
    ((name, args, facts),) = published
    assert (name, args) == ("cells.tasks.record_reading", ["person.read"])
    assert facts["target_uuids"] == [str(person.uuid)]
    assert facts["viewer"]["user_id"]


def test_secrets_and_letters_are_not_shown(looker):
    key = ApiKeyFactory(secret_hash="f" * 64)
    mail = OutgoingMailFactory(
        text="Bonjour Secret", to_address="secret@exemple.fr", outcome="550 <secret@exemple.fr> inconnue"
    )
    row = RefusedRow.objects.create(batch=ImportBatchFactory(), line=1, reason="x", value="Secret")
    user = UserFactory()
    pages = {obj: looker.get(change(obj)).content.decode() for obj in (key, mail, row, user)}
    assert "f" * 64 not in pages[key]
    assert "Secret" not in pages[mail]
    assert "secret@" not in pages[mail]
    assert "Secret" not in pages[row]
    assert user.password not in pages[user]


def test_permissions_given_by_hand_open_nothing(signed_in):
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    person = YoungPersonFactory()
    assert signed_in(user).post(change(person), {"last_name": "X"}).status_code == 403
