"""Who did or read what. Append-only: a trigger in the database refuses updates and deletes."""

import uuid

from django.db import models


class AuditEntry(models.Model):
    """One act on one thing. `action` is one of cells.services.audit.ACTIONS; `facts` holds ids and counts, no names."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField("le", auto_now_add=True, db_index=True)
    action = models.CharField("action", max_length=60)
    cell = models.ForeignKey("cells.Cell", models.PROTECT, null=True, related_name="+", verbose_name="cellule")
    user = models.ForeignKey("cells.User", models.PROTECT, null=True, related_name="+", verbose_name="utilisateur")
    api_key = models.ForeignKey("cells.ApiKey", models.PROTECT, null=True, related_name="+", verbose_name="clé d’API")
    target_kind = models.CharField("objet", max_length=40, blank=True)
    target_uuid = models.UUIDField("identifiant de l’objet", null=True)
    facts = models.JSONField("faits", default=dict)

    class Meta:
        verbose_name = "trace"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["target_kind", "target_uuid", "-at"], name="audit_target")]

    def __str__(self):
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"
