"""Makes the folders of the embedded servers, and removes them."""

import shutil
from pathlib import Path

from config.embedded.places import EmbeddedError, Locations
from config.embedded.servers import make_folder_for_servers

MOVED = ("postgres", "valkey")


def make_own_folders(places: Locations) -> None:
    """Make var/, its locks and its logs."""
    try:
        if not places.var.exists():
            places.var.mkdir(parents=True)
            if not places.is_private:
                places.var.chmod(0o755)  # the servers' account must enter it, whatever our umask
        for folder in (places.locks, places.logs):
            folder.mkdir(exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"Impossible d'écrire dans {places.var} ({error.strerror}). Lancez la commande avec le compte "
            "qui a créé ce dossier, ou supprimez-le (« make clean » avec ce compte)."
        ) from error


def make_servers_folders(places: Locations) -> None:
    """Make what the servers write in; a private home gets links from var/, and what var/ already held."""
    if places.is_private:
        places.home.mkdir(mode=0o755, parents=True, exist_ok=True)
        for name in MOVED:
            _link(places.var / name, places.home / name)
    make_folder_for_servers(places.sockets)
    if places.sockets.parent != places.home:
        _link(places.locks / "sockets", places.sockets)


def remove_everything(places: Locations) -> None:
    """Remove all data, private home included. The caller holds the users' lock."""
    if places.is_private:
        shutil.rmtree(places.home, ignore_errors=True)
    if places.sockets.parent != places.home:
        shutil.rmtree(places.sockets, ignore_errors=True)
    shutil.rmtree(places.var, ignore_errors=True)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    if link.is_symlink():
        raise EmbeddedError(
            f"{link} mène à {link.readlink()}, les données d'un autre dossier (copie ou déplacement ?). "
            "Supprimez ce lien pour repartir d'une base vide."
        )
    if link.exists():
        shutil.move(link, target)
    link.symlink_to(target)
