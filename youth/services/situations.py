"""Whether matching and campaigns are for this young person: contracts and counsellors say so."""

from youth.models import YoungPerson


def set_situation(young_person: YoungPerson, situation: str) -> None:
    """Part of the caller's own audited act (a contract signed, ended, broken)."""
    young_person.situation = YoungPerson.Situation(situation)
    young_person.save(update_fields=["situation", "updated_at"])
