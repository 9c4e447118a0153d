from cells.models.audit import AuditEntry
from cells.models.deliverability import MailRate, MailReport, RefusalRule, Suppression
from cells.models.imports import ImportBatch, RefusedRow
from cells.models.keys import ApiKey
from cells.models.mail import MailPolicy, MailPurpose, MailStream, Objection, OutgoingMail
from cells.models.nomenclatures import Activity, DiplomaLevel, Occupation, ReferenceDataset
from cells.models.organisations import Cell, Organisation, TrainingCentre
from cells.models.people import Membership, User
from cells.models.territory import Academy, Commune, CommunePostcode, Department, Region
from cells.models.trainings import Training, TrainingAlias
from cells.roles import Role

__all__ = [
    "Academy",
    "Activity",
    "ApiKey",
    "AuditEntry",
    "Cell",
    "Commune",
    "CommunePostcode",
    "Department",
    "DiplomaLevel",
    "ImportBatch",
    "MailPolicy",
    "MailPurpose",
    "MailRate",
    "MailReport",
    "MailStream",
    "Membership",
    "Objection",
    "Occupation",
    "Organisation",
    "OutgoingMail",
    "ReferenceDataset",
    "RefusalRule",
    "RefusedRow",
    "Region",
    "Role",
    "Suppression",
    "Training",
    "TrainingAlias",
    "TrainingCentre",
    "User",
]
