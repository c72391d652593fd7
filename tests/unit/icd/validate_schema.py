"""Validates every ICD file against icd.schema.json, and that the schema refuses what it should."""
import copy
import json
import pathlib
import sys

import jsonschema

folder = pathlib.Path(sys.argv[1])
schema = json.loads((folder / "icd.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
failures = 0

files = sorted(f for f in folder.glob("*.json") if not f.name.endswith(".schema.json"))
assert files, "no ICD files"
for file in files:
    for error in validator.iter_errors(json.loads(file.read_text())):
        failures += 1
        print(f"{file}: {'/'.join(map(str, error.absolute_path))}: {error.message}")

# Each of these changes must be refused.
good = json.loads((folder / "moxa-iologik-e1214.json").read_text())
mistakes = {
    "unknown key": lambda d: d.update(speed=1),
    "no source": lambda d: d["points"][0].pop("source"),
    "bad mark": lambda d: d["sources"]["relays"].update(trust="X"),
    "bad table": lambda d: d["points"][0].update(table="coils"),
    "address too high": lambda d: d["points"][0].update(address=65536),
    "unknown class": lambda d: d.update({"class": "barrier"}),
    "check without remedy": lambda d: d["checks"][0].pop("remedy"),
    "pulse without width": lambda d: d["commands"][1].pop("width_ms"),
}
for name, change in mistakes.items():
    document = copy.deepcopy(good)
    change(document)
    if validator.is_valid(document):
        failures += 1
        print(f"the schema accepts: {name}")

print(f"{len(files)} files, {len(mistakes)} mistakes, {failures} failures")
sys.exit(1 if failures else 0)
