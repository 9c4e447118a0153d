"""Who may do what, beyond seeing: pure questions about a viewer."""

from cells.scoping import Viewer


def can_work_cases(viewer: Viewer) -> bool:
    """Open people's files, type wishes and contracts, bring files of wishes, export people."""
    return viewer.is_counsellor and viewer.cell_id is not None


def can_work_whole_cell(viewer: Viewer) -> bool:
    """Runs, campaigns and refused rows are about the whole cell: not for a counsellor kept to some departments."""
    return can_work_cases(viewer) and (viewer.is_manager or not viewer.departments)


def can_import_offers(viewer: Viewer) -> bool:
    """Offers are shared by every cell: only a manager replaces a feed."""
    return viewer.is_manager


def can_stop_campaigns(viewer: Viewer) -> bool:
    """The switch stops every cell's campaigns: not for one counsellor to throw."""
    return viewer.is_manager
