"""API keys as partners hold them."""

from cells.models import ApiKey
from cells.scoping import NOBODY
from cells.services.api_keys import issue_api_key
from tests.cells.factories import OrganisationFactory


def bearer(cell, *scopes, departments=()):
    """The headers of a new key of the cell, narrowed to the departments when there are any."""
    organisation = OrganisationFactory()
    organisation.departments.set(departments)
    issued = issue_api_key(cell=cell, organisation=organisation, label="Essai", scopes=scopes, by=NOBODY)
    return {"Authorization": f"Bearer {issued.token}"}


def people_reader(cell, departments=()):
    return bearer(cell, ApiKey.Scope.YOUNG_PEOPLE_READ, departments=departments)
