"""Looks for known vulnerabilities in the locked packages: found ones fail, an unreachable service only warns."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "requirements" / "run.txt"
COMMAND = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner=off"]


def main() -> int:
    options = ["--format", "json", "-r", str(LOCK)]
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = done.stderr.strip().splitlines() or ["aucune réponse"]
        say(f"Attention : vulnérabilités non vérifiées, service injoignable ({lines[-1][:200]}).")
        return 0
    for package in packages:
        report(package)
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        say(f"Attention : {len(unknown)} paquets inconnus du service, non vérifiés : {', '.join(unknown)}.")
    found = sum(len(package.get("vulns", [])) for package in packages)
    say(f"Vulnérabilités connues : {found} dans {len(packages) - len(unknown)} paquets vérifiés.")
    return 1 if found else 0


def report(package: dict[str, Any]) -> None:
    for vulnerability in package.get("vulns", []):
        fixed = ", ".join(vulnerability["fix_versions"]) or "aucune version"
        say(f"{package['name']} {package['version']} : {vulnerability['id']}, corrigé par {fixed}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
