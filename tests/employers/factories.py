from datetime import date, timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory
from stdnum import luhn

from employers.models import Contract, Employer, Offer
from tests.cells.factories import OccupationFactory
from tests.youth.factories import YoungPersonFactory


def make_siret(number: int) -> str:
    """A SIRET whose two keys are right."""
    siren = f"{number:08d}"
    siren += luhn.calc_check_digit(siren)
    start = siren + "0001"
    return start + luhn.calc_check_digit(start)


class EmployerFactory(DjangoModelFactory):
    class Meta:
        model = Employer

    siret = factory.Sequence(lambda n: make_siret(10_000_000 + n))
    name = factory.Sequence(lambda n: f"Boulangerie {n}")


class OfferFactory(DjangoModelFactory):
    class Meta:
        model = Offer
        skip_postgeneration_save = True

    employer = factory.SubFactory(EmployerFactory)
    partner_label = "La bonne alternance"
    partner_job_id = factory.Sequence(lambda n: f"offre-{n}")
    title = "Apprenti cuisinier"
    description = "Vous apprenez le métier de cuisinier auprès d’une petite équipe."
    contract_types = [Offer.ContractType.APPRENTICESHIP]
    apply_url = "https://exemple.fr/candidater"
    address = "1 rue du Gros-Horloge 76000 Rouen"
    latitude = 49.4431
    longitude = 1.0993
    published_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=3))
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=60))

    @factory.post_generation
    def occupations(self, create, codes, **kwargs):
        if create:
            self.occupations.set(OccupationFactory(code=code) for code in codes or ["G1602"])


class ContractFactory(DjangoModelFactory):
    class Meta:
        model = Contract

    young_person = factory.SubFactory(YoungPersonFactory)
    employer = factory.SubFactory(EmployerFactory)
    kind = Contract.Kind.APPRENTICESHIP
    signed_on = date(2026, 9, 1)
    starts_on = date(2026, 9, 15)
    ends_on = date(2028, 8, 31)
