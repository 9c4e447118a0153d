"""Who may do what, beyond seeing: pure questions about a viewer."""

from cells.scoping import Viewer


def can_work_cases(viewer: Viewer) -> bool:
    """Open people's files, type wishes and contracts, run matching, send campaigns."""
    return viewer.is_counsellor and viewer.cell_id is not None


def can_import_wishes(viewer: Viewer) -> bool:
    return can_work_cases(viewer)


def can_import_offers(viewer: Viewer) -> bool:
    """Offers are shared by every cell: only a manager replaces a feed."""
    return viewer.is_manager


def can_export_people(viewer: Viewer) -> bool:
    return can_work_cases(viewer)


def can_run_matching(viewer: Viewer) -> bool:
    return can_work_cases(viewer)


def can_send_campaigns(viewer: Viewer) -> bool:
    return can_work_cases(viewer)
