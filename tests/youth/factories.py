import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from tests.cells.factories import CellFactory, TrainingFactory
from youth.models import Guardian, Wish, YoungPerson
from youth.models.wishes import school_year_in_course


class YoungPersonFactory(DjangoModelFactory):
    class Meta:
        model = YoungPerson

    class Params:
        in_rouen = factory.Trait(
            postcode="76000",
            city="ROUEN",
            commune=factory.SubFactory("tests.cells.factories.CommuneFactory"),
            latitude=49.4405,
            longitude=1.0939,
        )
        adult = factory.Trait(birth_date="2004-05-17")

    cell = factory.SubFactory(CellFactory)
    ine = factory.Sequence(lambda n: f"{n:09d}AA")
    last_name = factory.Sequence(lambda n: f"Lefèvre{n}")
    first_name = "Léa"
    search_name = factory.LazyAttribute(
        lambda o: f"{o.last_name} {o.first_name}".lower().replace("é", "e").replace("è", "e")
    )
    email = factory.Sequence(lambda n: f"jeune{n}@exemple.fr")


class GuardianFactory(DjangoModelFactory):
    class Meta:
        model = Guardian

    young_person = factory.SubFactory(YoungPersonFactory)
    rank = 1
    email = factory.Sequence(lambda n: f"responsable{n}@exemple.fr")


class WishFactory(DjangoModelFactory):
    class Meta:
        model = Wish

    young_person = factory.SubFactory(YoungPersonFactory)
    source = Wish.Source.AFFELNET
    school_year = factory.LazyFunction(lambda: school_year_in_course(timezone.localdate()))
    external_key = factory.Sequence(lambda n: f"ROUEN/1A{n:06d}")
    rank = 1
    training = factory.SubFactory(TrainingFactory)
    label = factory.LazyAttribute(lambda o: o.training.label if o.training else "CAP inconnu")
