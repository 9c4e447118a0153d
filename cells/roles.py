from django.db import models


class Role(models.TextChoices):
    """What a person may do in a cell. One role per membership."""

    COUNSELLOR = "counsellor", "Conseiller"
    CELL_MANAGER = "cell_manager", "Responsable de cellule"
    PARTNER = "partner", "Partenaire (lecture)"
