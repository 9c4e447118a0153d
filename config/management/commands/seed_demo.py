from django.core.management.base import BaseCommand

from config.demo.job import prepare_data


class Command(BaseCommand):
    help = "Données de démonstration de deux régions, par les vrais imports. Sans effet si elles y sont déjà."

    def handle(self, *args, **options):
        figures = prepare_data(self.stdout.write)
        self.stdout.write(", ".join(f"{name} : {count}" for name, count in figures.items()))
