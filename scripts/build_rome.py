"""Build cells/reference/rome.csv (code, label, parent) from France Travail's ROME table (Licence Ouverte).

Download « ROME — arborescence / référentiel des codes » from France Travail's open data pages, then:

    python scripts/build_rome.py unix_referentiel_code_rome_v460_utf8.csv cells/reference/rome.csv

An operator needs no rebuild for a new version: `manage.py import_nomenclature rome FILE` reads that table as it is.
"""

import argparse
import csv
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    with options.table.open(encoding="utf-8-sig", newline="") as text:
        rows = sorted(csv.DictReader(text), key=lambda row: row["code_rome"])
    with options.target.open("w", encoding="utf-8", newline="") as text:
        out = csv.writer(text, delimiter=";", lineterminator="\n")
        out.writerow(["code", "label", "parent"])
        for row in rows:
            parent = row["code_rome_parent"]
            out.writerow([row["code_rome"], row["libelle_rome"], "" if parent == row["code_rome"] else parent])


if __name__ == "__main__":
    main()
