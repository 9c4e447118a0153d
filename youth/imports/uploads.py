"""Files that came through the web, between the request that brought them and the worker that reads them.

The batch says what is due (state WAITING, what was asked in `request`); a message only wakes a worker up.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from cells.imports.errors import BusyError
from cells.models import ImportBatch
from cells.scoping import Viewer
from youth.imports.load import import_wishes

State = ImportBatch.State

# The reader of each family of files: by name, for the offers' one belongs to an app above.
WISH_READER, OFFER_READER = "youth.tasks.import_wish_file", "employers.tasks.import_offer_file"
# Seconds after which a message is dropped: the clock has sent another one.
MESSAGE_LIFE = 60
KEPT_FOR = timedelta(days=30)
GONE = "Le fichier déposé n’est plus là : déposez-le de nouveau."

logger = logging.getLogger(__name__)


def uploads_folder() -> Path:
    folder = Path(settings.VAR_DIR) / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def path_of(batch: ImportBatch) -> Path:
    return uploads_folder() / f"{batch.uuid}.upload"


@contextmanager
def erased_unless_accepted(path: Path) -> Iterator[None]:
    """A stored upload that no batch takes over does not stay."""
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def publish_on_commit(batch: ImportBatch) -> None:
    transaction.on_commit(lambda: publish(batch))


def publish(batch: ImportBatch) -> None:
    """Wake a reader up. Without a broker nothing is raised: the clock tries again while the batch waits."""
    name = WISH_READER if batch.holds_wishes else OFFER_READER
    if name not in current_app.tasks:  # a web process imports the tasks it needs, no more
        current_app.loader.import_default_modules()
    try:
        current_app.tasks[name].apply_async(args=[batch.pk], expires=MESSAGE_LIFE)
    except OperationalError:
        logger.warning("No broker: import %s waits for the next minute", batch.uuid)


def publish_waiting() -> None:
    for batch in ImportBatch.objects.filter(state=State.WAITING).order_by("started_at"):
        publish(batch)


def read_upload(batch_id: int) -> None:
    """The worker's part for a file of wishes; see `read_deposit`."""
    read_deposit(batch_id, holds_wishes=True, read=_read_wishes)


def _read_wishes(batch: ImportBatch, path: Path, by: Viewer) -> None:
    preset, school_year = batch.request.get("preset"), batch.request.get("school_year")
    if batch.cell is not None:
        import_wishes(path, cell=batch.cell, preset=preset, by=by, school_year=school_year, batch=batch)


def read_deposit(batch_id: int, *, holds_wishes: bool, read: Callable[[ImportBatch, Path, Viewer], None]) -> None:
    """Safe to call at any time: what is over, being read or of the other family stays as it is; what must wait its
    turn goes on waiting. The file is erased once read to its end or refused; an interrupted one keeps it.
    """
    batch = ImportBatch.objects.select_related("cell").get(pk=batch_id)
    if batch.holds_wishes != holds_wishes or not batch.is_under_way:
        return
    path = path_of(batch)
    if not path.exists():
        give_up(batch_id, GONE)
        return
    try:
        read(batch, path, Viewer(user_id=batch.started_by_id, cell_id=batch.cell_id))
    except BusyError:
        return
    path.unlink(missing_ok=True)


def give_up(batch_id: int, message: str) -> None:
    """No effect on a batch that is over."""
    under_way = ImportBatch.objects.filter(pk=batch_id, state__in=[State.WAITING, State.RUNNING])
    under_way.update(state=State.INTERRUPTED, message=message, finished_at=timezone.now())


def erase_old_uploads() -> int:
    """Erase the files nobody read or asked for again in KEPT_FOR; how many."""
    limit = (timezone.now() - KEPT_FOR).timestamp()
    old = [path for path in uploads_folder().iterdir() if path.is_file() and path.stat().st_mtime < limit]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
