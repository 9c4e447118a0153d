"""Small honest rows of the base layer. Territory rows are get-or-create: their codes are real ones."""

from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from cells.models import (
    Academy,
    ApiKey,
    Cell,
    Commune,
    CommunePostcode,
    Department,
    DiplomaLevel,
    ImportBatch,
    MailPurpose,
    MailReport,
    MailStream,
    Membership,
    Occupation,
    Organisation,
    OutgoingMail,
    Region,
    Role,
    Training,
    TrainingCentre,
    User,
)


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = Region
        django_get_or_create = ("code",)

    code = "28"
    name = factory.LazyAttribute(lambda o: {"28": "Normandie", "53": "Bretagne"}.get(o.code, f"Région {o.code}"))


class AcademyFactory(DjangoModelFactory):
    class Meta:
        model = Academy
        django_get_or_create = ("code",)

    code = "70"
    name = factory.LazyAttribute(lambda o: f"Académie {o.code}")
    region = factory.SubFactory(RegionFactory)


class DepartmentFactory(DjangoModelFactory):
    class Meta:
        model = Department
        django_get_or_create = ("code",)

    code = "76"
    name = factory.LazyAttribute(lambda o: {"76": "Seine-Maritime", "35": "Ille-et-Vilaine"}.get(o.code, o.code))
    region = factory.SubFactory(RegionFactory)
    academy = None


class CommuneFactory(DjangoModelFactory):
    class Meta:
        model = Commune
        django_get_or_create = ("insee_code",)

    insee_code = "76540"
    name = "Rouen"
    search_name = factory.LazyAttribute(lambda o: o.name.lower())
    department = factory.SubFactory(DepartmentFactory)
    population = 110_000
    latitude = 49.4405
    longitude = 1.0939


class CommunePostcodeFactory(DjangoModelFactory):
    class Meta:
        model = CommunePostcode
        django_get_or_create = ("commune", "postcode")

    commune = factory.SubFactory(CommuneFactory)
    postcode = "76000"


class CellFactory(DjangoModelFactory):
    class Meta:
        model = Cell
        django_get_or_create = ("region",)

    region = factory.SubFactory(RegionFactory)
    name = factory.LazyAttribute(lambda o: f"Cellule {o.region.name}")
    reply_to = factory.LazyAttribute(lambda o: f"cellule-{o.region.code}@jonction.example")
    phone = "0232000000"


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = Organisation

    kind = Organisation.Kind.MISSION_LOCALE
    name = factory.Sequence(lambda n: f"Mission locale {n}")


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"personne{n}@jonction.example")
    first_name = "Camille"
    last_name = factory.Sequence(lambda n: f"Martin{n}")
    password = factory.django.Password("une phrase de passe longue")


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    cell = factory.SubFactory(CellFactory)
    role = Role.COUNSELLOR


class ApiKeyFactory(DjangoModelFactory):
    class Meta:
        model = ApiKey

    cell = factory.SubFactory(CellFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    label = "Reprise nocturne"
    prefix = factory.Sequence(lambda n: f"jk{n:08d}")
    secret_hash = "0" * 64
    scopes = [ApiKey.Scope.YOUNG_PEOPLE_READ]
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=365))


class OccupationFactory(DjangoModelFactory):
    class Meta:
        model = Occupation
        django_get_or_create = ("code",)

    code = "G1602"
    label = factory.LazyAttribute(lambda o: f"Métier {o.code}")


class DiplomaLevelFactory(DjangoModelFactory):
    class Meta:
        model = DiplomaLevel
        django_get_or_create = ("level",)

    level = 3
    label = factory.LazyAttribute(lambda o: {3: "CAP", 4: "Bac", 5: "Bac+2"}.get(o.level, f"Niveau {o.level}"))


class TrainingCentreFactory(DjangoModelFactory):
    class Meta:
        model = TrainingCentre

    uai = factory.Sequence(lambda n: f"{n:07d}A")
    name = factory.Sequence(lambda n: f"CFA {n}")
    latitude = 49.44
    longitude = 1.09


class TrainingFactory(DjangoModelFactory):
    class Meta:
        model = Training
        skip_postgeneration_save = True

    label = factory.Sequence(lambda n: f"CAP Cuisine {n}")
    search_label = factory.LazyAttribute(lambda o: o.label.lower())
    level = factory.SubFactory(DiplomaLevelFactory)

    @factory.post_generation
    def occupations(self, create, codes, **kwargs):
        if create:
            self.occupations.set(OccupationFactory(code=code) for code in codes or ["G1602"])


class ImportBatchFactory(DjangoModelFactory):
    class Meta:
        model = ImportBatch

    cell = factory.SubFactory(CellFactory)
    kind = ImportBatch.Kind.AFFELNET
    file_name = "voeux.csv"
    state = ImportBatch.State.DONE
    finished_at = factory.LazyFunction(timezone.now)


class MailStreamFactory(DjangoModelFactory):
    class Meta:
        model = MailStream

    cell = factory.SubFactory(CellFactory)
    name = "Flux d’essai"
    purpose = MailPurpose.OFFERS


class OutgoingMailFactory(DjangoModelFactory):
    class Meta:
        model = OutgoingMail

    stream = factory.SubFactory(MailStreamFactory)
    dedup_key = factory.Sequence(lambda n: f"essai:{n}")
    message_id = factory.Sequence(lambda n: f"<{n}@jonction.example>")
    to_address = factory.Sequence(lambda n: f"destinataire{n}@exemple.fr")
    next_attempt_at = factory.LazyFunction(timezone.now)


class MailReportFactory(DjangoModelFactory):
    class Meta:
        model = MailReport

    digest = factory.Sequence(lambda n: f"{n:064x}")
    source = "mailbox"
    kind = "bounce"
    mail = factory.SubFactory(OutgoingMailFactory)
