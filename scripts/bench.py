"""Runs the benchmarks: `python scripts/bench.py [NAME] [SIZE]`; without a name, all of them in their small size."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SMALL = "XS"


def benches() -> dict[str, str]:
    """Name and module of each benchmark, the modules of bench/ with a `main` (`import` is no name for a module)."""
    modules = sorted((ROOT / "bench").glob("[a-z]*.py"))
    return {module.stem.rstrip("_"): module.stem for module in modules if "def main(" in module.read_text()}


def main(arguments: list[str]) -> int:
    name, size = [*arguments, "", ""][:2]
    if name and name not in benches():
        sys.stdout.write(f"Banc inconnu : {name}. Il y a : {', '.join(benches())}.\n")
        return 2
    failures = [one for one in ([name] if name else benches()) if not run(one, size or SMALL)]
    if failures:
        sys.stdout.write(f"En échec : {', '.join(failures)}\n")
    return int(bool(failures))


def run(name: str, size: str) -> bool:
    sys.stdout.write(f"== {name} ({size})\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", f"bench.{benches()[name]}", "--size", size]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
