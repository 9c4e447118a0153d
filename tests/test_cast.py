import pytest

from tests.employers.factories import ContractFactory, OfferFactory
from tests.matching.factories import CampaignFactory, MatchFactory, RecipientFactory
from tests.youth.factories import GuardianFactory, WishFactory
from youth.models import YoungPerson

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "factory",
    [
        ContractFactory,
        OfferFactory,
        CampaignFactory,
        MatchFactory,
        RecipientFactory,
        GuardianFactory,
        WishFactory,
    ],
)
def test_the_database_accepts_what_the_factories_make(factory):
    assert factory().pk


def test_a_counsellor_sees_the_people_of_the_own_cell_only(alice_viewer, charlie_viewer):
    person = WishFactory(young_person__cell_id=alice_viewer.cell_id).young_person
    assert list(YoungPerson.objects.visible_to(alice_viewer)) == [person]
    assert list(YoungPerson.objects.visible_to(charlie_viewer)) == []
