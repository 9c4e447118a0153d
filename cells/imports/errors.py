"""What an import refuses. All speak French: their words are shown as they are."""

from cells.errors import RefusedError


class BusyError(RefusedError):
    """Another process reads, or has just read: nothing was touched."""


class FileRefused(Exception):
    """Nothing of the file can be used; `str(error)` says why and what to do."""


class RowRefused(Exception):
    """One row cannot be kept. `column` is the header as the file writes it, `value` what stood there."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.value = value
        self.reason = reason
