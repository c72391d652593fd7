#!/usr/bin/env python3
"""Criteria stay secret: 10,000 canary strings in the criteria, owners and titles of a profile set; a whole post works with it (broker, HQ,
lanes, officer), then none of them may be found in the officers' API and page, in logs, journal, database or its WAL, at the post
or at HQ. The set itself, which the post keeps under its hash so that assessments can be made again, is the one place that has them;
that the API does not give it out is asked too.

usage: canaries.py TREE RAMPA RAMPA_HIL DIRECTORY
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

tree, rampa, rampa_hil, directory = (pathlib.Path(a).resolve() for a in sys.argv[1:5])
shutil.rmtree(directory, ignore_errors=True)
copy = directory / "tree"
copy.mkdir(parents=True)
shutil.copytree(tree / "config", copy / "config")
for entry in tree.iterdir():
    if entry.name not in ("config", "build", ".git"):
        (copy / entry.name).symlink_to(entry)

set_file = copy / "config/examples/profiles.json"
profiles = json.loads(set_file.read_text())
number = 0


def canary():
    global number
    number += 1
    return f"CANARY{number:05d}X"


while number < 10000:
    values = [canary() for _ in range(18)]
    n = number // 20
    profiles["profiles"].append({
        # Matches every lorry (its consignee is none of these), so that hits, shadows and open profiles are among them.
        "id": f"SECRET-{n}", "title": canary(), "owner": canary(), "channel": "green", "instruction": "Nothing to do.",
        "state": "shadow" if n % 3 == 0 else "active", "secret": n % 2 == 0,
        "when": {"all": [{"field": "declaration.count", "op": "ge", "value": 0},
                         {"field": "vehicle.plate" if n % 5 else "declaration.incoterm", "op": "notin", "value": values}]}})
profiles["policy"] = {"draw_secret": "00112233445566778899aabbccddeeff"}
set_file.write_text(json.dumps(profiles))
set_hash = hashlib.sha256(set_file.read_bytes()).hexdigest()
wanted = re.compile(rb"CANARY\d{5}X")

run = subprocess.Popen([rampa_hil, "demo", "--tree", copy, "--crossings", "6", "--headless", "--directory", directory / "post-run"],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
output, asked, said = [], [], []


def ask_api():
    """The officers' API while the post works, signed in as the demonstration's own second officer."""
    port = re.search(r'^port = (\d+)', (directory / "post-run/site.toml").read_text(), re.M).group(1)
    base = f"http://127.0.0.1:{port}/api/v1"
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    login = urllib.request.Request(base + "/session", data=json.dumps({"badge": "1003", "password": "bench-password-1"}).encode(),
                                   headers={"Content-Type": "application/json", "X-Rampa": "1"}, method="POST")
    opener.open(login, timeout=10).read()
    crossings = json.loads(opener.open(base + "/crossings?limit=50", timeout=10).read())["crossings"]
    for path in ["/lanes", "/devices", "/status", "/profiles", "/crossings?limit=50"] + [f"/crossings/{c['id']}" for c in crossings]:
        try:
            asked.append((path, opener.open(base + path, timeout=10).read()))
        except urllib.error.HTTPError as error:
            asked.append((path, error.read()))
    try:
        asked.append(("the set as a picture", opener.open(f"{base}/blobs/{set_hash}", timeout=10).read()))
        said.append("the API gives out the profile set")
    except urllib.error.HTTPError as error:
        asked.append((f"the set as a picture ({error.code})", error.read()))


done = 0
for line in run.stdout:
    output.append(line)
    if "trigger to decision" in line:
        done += 1
        if done == 4:
            ask_api()
if run.wait() != 0:
    sys.exit("the demonstration failed:\n" + "".join(output))
if len(asked) < 8:
    sys.exit(f"the API was hardly asked: {[path for path, _ in asked]}")

found, looked, set_seen = list(said), 0, 0
found += [f"API {path}: {wanted.search(body).group().decode()}" for path, body in asked if wanted.search(body)]
found += [f"demonstration's output: {line}" for line in output if wanted.search(line.encode())]
site = directory / "post-run/site.toml"


def tool(*arguments):
    return subprocess.run([rampa, *arguments, "--site", site, "--json"], capture_output=True, check=True).stdout


# The journal's personal fields are encrypted: its records once more as they read in the open.
rows = json.loads(tool("crossings", "--limit", "1000"))["crossings"]
hits = 0
for row in rows:
    text = tool("show", row["id"])
    hits += text.count(b"SECRET-")
    if wanted.search(text):
        found.append(f"record of {row['id']}")
    looked += 1
for file in (directory / "post-run").rglob("*"):
    if not file.is_file():
        continue
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() == set_hash:
        set_seen += 1
        continue
    looked += 1
    if wanted.search(data):
        found.append(str(file.relative_to(directory)))
print(f"{number} canaries, {len(rows)} crossings, {hits} mentions of their profiles in the records; {looked} files and records, {len(asked)} answers of the API: {len(found)} found; "
      f"the set itself lies in {set_seen} places")
if found:
    sys.exit("\n".join(found[:20]))
if hits == 0 or len(rows) < 6:
    sys.exit("the test saw too little to prove anything")
