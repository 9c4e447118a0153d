"""Who sees the rows of whom: every model with a scope, every kind of eyes."""

import pytest
from django.apps import apps

from cells.models import ApiKey, ImportBatch, MailReport, MailStream, OutgoingMail
from cells.scoping import NOBODY, ScopedQuerySet, Viewer, viewer_for_api_key
from employers.models import Contract
from matching.models import (
    Campaign,
    CampaignAnswer,
    Match,
    MatchRun,
    OfferRefusal,
    Recipient,
    RunCertificate,
    RunOffer,
    RunPerson,
)
from tests.cells.factories import (
    ApiKeyFactory,
    DepartmentFactory,
    ImportBatchFactory,
    MailReportFactory,
    MailStreamFactory,
    OrganisationFactory,
    OutgoingMailFactory,
)
from tests.conftest import viewer_of
from tests.employers.factories import ContractFactory
from tests.matching.factories import (
    CampaignAnswerFactory,
    CampaignFactory,
    MatchFactory,
    MatchRunFactory,
    OfferRefusalFactory,
    RecipientFactory,
    RunCertificateFactory,
    RunOfferFactory,
    RunPersonFactory,
)
from tests.youth.factories import WishFactory, YoungPersonFactory
from youth.models import Wish, YoungPerson

pytestmark = pytest.mark.django_db

OF_THE_CELL = {
    ImportBatch: lambda cell: ImportBatchFactory(cell=cell),
    MailStream: lambda cell: MailStreamFactory(cell=cell),
    OutgoingMail: lambda cell: OutgoingMailFactory(stream__cell=cell),
    MailReport: lambda cell: MailReportFactory(mail__stream__cell=cell),
    MatchRun: lambda cell: MatchRunFactory(cell=cell),
    RunCertificate: lambda cell: RunCertificateFactory(run__cell=cell),
    RunOffer: lambda cell: RunOfferFactory(run__cell=cell),
    Campaign: lambda cell: CampaignFactory(run__cell=cell),
}
OF_A_PERSON = {
    YoungPerson: lambda cell: YoungPersonFactory(cell=cell, in_rouen=True),
    Wish: lambda cell: WishFactory(young_person__cell=cell, young_person__in_rouen=True),
    Contract: lambda cell: ContractFactory(young_person__cell=cell, young_person__in_rouen=True),
    Match: lambda cell: MatchFactory(run__cell=cell, young_person__in_rouen=True),
    RunPerson: lambda cell: RunPersonFactory(run__cell=cell, young_person__in_rouen=True),
    CampaignAnswer: lambda cell: CampaignAnswerFactory(
        recipient__campaign__run__cell=cell, recipient__young_person__in_rouen=True
    ),
    OfferRefusal: lambda cell: OfferRefusalFactory(young_person__cell=cell, young_person__in_rouen=True),
    Recipient: lambda cell: RecipientFactory(campaign__run__cell=cell, young_person__in_rouen=True),
}
MAKERS = OF_THE_CELL | OF_A_PERSON
MEMBERS = ("alice", "manager", "limited")
# Kinds of eyes that see the rows about people (in Rouen), and those that see the rows of the cell itself.
SEE_PEOPLE = {*MEMBERS, "key with the scope", "key of Seine-Maritime"}
SEE_THE_CELL = {*MEMBERS}
EYES = (*MEMBERS, "elsewhere", "partner", "charlie", "nobody", "key with the scope", "key of Seine-Maritime")
EYES += ("key of Calvados", "key without the scope", "key of another cell")


@pytest.fixture
def eyes(request, cell, other_cell):
    def viewer(kind: str) -> Viewer:
        if kind == "nobody":
            return NOBODY
        if kind == "elsewhere":
            return kept_elsewhere(request.getfixturevalue("bob"))
        if not kind.startswith("key"):
            return viewer_of(request.getfixturevalue(kind))
        return eyes_of_key(kind, other_cell if kind == "key of another cell" else cell)

    return viewer


def kept_elsewhere(user) -> Viewer:
    user.memberships.get().departments.add(DepartmentFactory(code="14"))
    return viewer_of(user)


def eyes_of_key(kind: str, cell) -> Viewer:
    organisation = OrganisationFactory()
    departments = {"key of Seine-Maritime": ["76"], "key of Calvados": ["14"]}.get(kind, [])
    organisation.departments.set(DepartmentFactory(code=code) for code in departments)
    scope = ApiKey.Scope.OFFERS_WRITE if kind == "key without the scope" else ApiKey.Scope.YOUNG_PEOPLE_READ
    return viewer_for_api_key(ApiKeyFactory(cell=cell, organisation=organisation, scopes=[scope]))


def test_the_table_holds_every_model_with_a_scope():
    scoped = {model for model in apps.get_models() if isinstance(model._default_manager.all(), ScopedQuerySet)}
    assert scoped == set(MAKERS)
    assert all(hasattr(model._default_manager, "visible_to") == (model in scoped) for model in apps.get_models())


@pytest.mark.parametrize("kind", EYES)
@pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)
def test_eyes_see_what_the_table_says_and_nothing_else(eyes, cell, other_cell, model, kind):
    ours, theirs = MAKERS[model](cell), MAKERS[model](other_cell)
    expected = {ours.pk} if kind in (SEE_PEOPLE if model in OF_A_PERSON else SEE_THE_CELL) else set()
    if kind == "elsewhere" and model in OF_THE_CELL:
        expected = {ours.pk}
    if kind == "charlie" or (kind == "key of another cell" and model in OF_A_PERSON):
        expected = {theirs.pk}
    seen = model._default_manager.visible_to(eyes(kind))
    assert set(seen.values_list("pk", flat=True)) & {ours.pk, theirs.pk} == expected
    assert seen.count() == len(expected)
