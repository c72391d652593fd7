#!/usr/bin/env python3
"""Criteria stay secret: 10,000 canary strings in the criteria, owners and titles of a profile set; a whole post works with it (broker, HQ,
lanes, officer). While it works a newer set comes (canaries too), then a broken one, which is refused. Two shift leaders make urgent profiles of
canaries, one of which hits, and take one back. None of the canaries may be found in
the officers' API and page, in logs, journal, database or its WAL, at the post or at HQ; and no field of the catalogue in the API, which
the profiles ask for, nor in the journal. The book of urgent profiles, which nobody but the post's user can read, is the only place that has them. The sets themselves, which
the post keeps so that assessments can be made again and sends to HQ, are sealed: none of their blobs has a canary, at the post or at HQ; the post makes assessments
again with them, and the risk unit's key opens those at HQ. That the API does not give the sets out is asked too. Then a start with the broken set: refused with place and remedy.

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
import time
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


def hundreds_of_profiles(upto):
    while number < upto:
        values = [canary() for _ in range(18)]
        n = number // 20
        profiles["profiles"].append({
            # Matches every lorry (its plate is none of these), so that hits, shadows and open profiles are among them.
            "id": f"SECRET-{n}", "title": canary(), "owner": canary(), "channel": "green", "instruction": "Nothing to do.",
            "state": "shadow" if n % 3 == 0 else "active", "secret": n % 2 == 0,
            "when": {"all": [{"field": "declaration.count", "op": "ge", "value": 0},
                             {"field": "vehicle.plate" if n % 5 else "declaration.incoterm", "op": "notin", "value": values}]}})


def write(data):
    """At once, as a signed download does it: the post never reads half a set."""
    fresh = set_file.with_suffix(".new")
    fresh.write_bytes(data)
    fresh.replace(set_file)


risk_unit = json.loads(subprocess.run([rampa, "explain", "--make-key", "--json"], capture_output=True, check=True).stdout)
profiles["policy"] = {"draw_secret": "00112233445566778899aabbccddeeff", "risk_unit_key": risk_unit["risk_unit_key"]}
green_list = canary()
profiles["green_lists"] = [{"id": green_list, "residual_percent": 90, "when": {"field": "declaration.count", "op": "ge", "value": 0}}]
hundreds_of_profiles(9000)
profiles["version"] = "canaries-1"
first_set = json.dumps(profiles).encode()
hundreds_of_profiles(10000)
profiles["version"] = "canaries-2"
second_set = json.dumps(profiles).encode()
for wrong in ({"field": canary(), "op": "eq", "value": canary()}, {"field": "vehicle.plate", "op": canary(), "value": canary()},
              {"field": "vehicle.plate", "op": "eq", canary(): 1}, {canary(): []}, {"field": "vehicle.plate", "op": "in", "value": {"list": canary()}}):
    profiles["profiles"].append({"id": f"BROKEN-{number}", "title": canary(), canary(): canary(), "channel": canary(), "instruction": "Nothing to do.", "when": wrong})
profiles[canary()] = canary()
broken_set = json.dumps(profiles, indent=1).encode()
hashes = {hashlib.sha256(first_set).hexdigest()}  # of the sets that lanes used; those with urgent profiles come later
wanted = re.compile(rb"CANARY\d{5}X")
fields = re.findall(r"^\| `([a-z]+\.[a-z0-9_]+)` \|", (tree / "edge/risk/PROFILES.md").read_text(), re.M)
if len(fields) < 60 or "declaration.incoterm" not in fields:
    sys.exit(f"PROFILES.md is read wrongly: {len(fields)} fields")
any_field = re.compile("|".join(map(re.escape, fields)).encode())
write(first_set)

run = subprocess.Popen([rampa_hil, "demo", "--tree", copy, "--crossings", "8", "--headless", "--directory", directory / "post-run"],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
output, asked, said = [], [], []


class Officer:
    """Of the demonstration; signing in as 1001 would end the session of its own first officer."""

    def __init__(self, badge):
        port = re.search(r'^port = (\d+)', (directory / "post-run/site.toml").read_text(), re.M).group(1)
        self.base = f"http://127.0.0.1:{port}/api/v1"
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        self.post("/session", {"badge": badge, "password": PASSWORD})

    def post(self, path, body):
        request = urllib.request.Request(self.base + path, data=json.dumps(body).encode(), method="POST",
                                         headers={"Content-Type": "application/json", "X-Rampa": "1", "Idempotency-Key": f"canaries-{time.monotonic_ns()}"})
        return self.opener.open(request, timeout=30).read()

    def get(self, path):
        return self.opener.open(self.base + path, timeout=10).read()

    def note_set(self):
        """The set that lanes use now holds canaries."""
        set_now = json.loads(self.get("/profiles"))
        hashes.add(set_now["sha256"])
        return set_now["version"]


PASSWORD = "bench-password-1"
urgent = []


def make_urgent(leader, **tip):
    made = json.loads(leader.post("/urgent-profiles", {**tip, "channel": "yellow", "instruction": "Look at the papers.", "reason": f"Telephone {canary()}", "hours": 2}))
    leader.post(f"/urgent-profiles/{made['id']}/confirm", {"second": {"badge": "1001", "password": PASSWORD}})
    urgent.append(made["id"])
    leader.note_set()


def plant_urgent():
    """One that hits every declared lorry, one that looks at all that a lane may read, and one that is taken back."""
    leader = Officer("1003")
    declared = [json.loads(line) for line in (directory / "post-run/declarations.jsonl").read_text().splitlines()]
    make_urgent(leader, operators=list(dict.fromkeys(d["consignee"] for d in declared if "consignee" in d))[:10] + [canary() for _ in range(10)])
    make_urgent(leader, plates=[canary() for _ in range(10)], documents=[canary() for _ in range(10)])
    make_urgent(leader, trailers=[canary() for _ in range(10)])
    if leader.note_set() != "canaries-1+urgent.3":
        sys.exit(f"the lanes do not look for the urgent profiles: {leader.note_set()}")
    leader.post(f"/urgent-profiles/{urgent[2]}/withdraw", {"reason": f"Found {canary()}", "second": {"badge": "1001", "password": PASSWORD}})
    leader.note_set()
    shown = leader.get("/urgent-profiles")
    if len(set(wanted.findall(shown))) < 40:
        sys.exit("the shift leaders' own page does not have the canaries: the test would prove nothing")


def ask_api():
    """The officers' API while the post works with the second set, as an officer who is no shift leader: he sees no urgent profile."""
    officer = Officer("1002")
    for _ in range(100):  # the post looks every two seconds
        if officer.note_set() == "canaries-2+urgent.2":
            break
        time.sleep(0.2)
    else:
        sys.exit(f"the second set was not taken while the post worked: {officer.note_set()}")
    crossings = json.loads(officer.get("/crossings?limit=50"))["crossings"]
    for path in ["/lanes", "/devices", "/status", "/profiles", "/urgent-profiles", "/crossings?limit=50"] + [f"/crossings/{c['id']}" for c in crossings]:
        try:
            asked.append((path, officer.get(path)))
        except urllib.error.HTTPError as error:
            asked.append((path, error.read()))
    for set_hash in hashes:
        try:
            asked.append(("the set as a picture", officer.get(f"/blobs/{set_hash}")))
            said.append("the API gives out the profile set")
        except urllib.error.HTTPError as error:
            asked.append((f"the set as a picture ({error.code})", error.read()))


done = 0
for line in run.stdout:
    output.append(line)
    if "trigger to decision" in line:
        done += 1
        if done == 1:
            plant_urgent()
        if done == 2:
            write(second_set)
        if done == 4:
            ask_api()
            write(broken_set)
if run.wait() != 0:
    sys.exit("the demonstration failed:\n" + "".join(output))
if len(asked) < 8:
    sys.exit(f"the API was hardly asked: {[path for path, _ in asked]}")

found, looked = list(said), 0
found += [f"API {path}: {wanted.search(body).group().decode()}" for path, body in asked if wanted.search(body)]
found += [f"API {path}: {any_field.search(body).group().decode()}" for path, body in asked if any_field.search(body)]
open_checks = sum(int(n) for path, body in asked for n in re.findall(rb'"checks_open":(\d+)', body))
found += [f"demonstration's output: {line}" for line in output if wanted.search(line.encode())]
site = directory / "post-run/site.toml"


def tool(*arguments):
    return subprocess.run([rampa, *arguments, "--site", site, "--json"], capture_output=True, check=True).stdout


# The journal's personal fields are encrypted: its records once more as they read in the open.
rows = json.loads(tool("crossings", "--limit", "1000"))["crossings"]
hits = urgent_hits = greened = 0
for row in rows:
    text = tool("show", row["id"])
    hits += text.count(b"SECRET-")
    urgent_hits += text.count(urgent[0].encode()) if urgent else 0
    greened += text.count(green_list.encode())
    if set(wanted.findall(text)) - {green_list.encode()}:  # that one stands in the encrypted part
        found.append(f"record of {row['id']}")
    looked += 1
book = directory / "post-run/post/urgent-profiles.json"
sealed = {}  # by the set's hash, the files that hold it
if not wanted.search(book.read_bytes()):
    sys.exit("the book of urgent profiles does not have the canaries: the test would prove nothing")
for file in (directory / "post-run").rglob("*"):
    if not file.is_file():
        continue
    data = file.read_bytes()
    if file == book:
        if file.stat().st_mode & 0o077:
            found.append("others may read the book of urgent profiles")
        continue
    looked += 1
    told = "journal" in file.parts or ("hq" in file.parts and "blobs" not in file.parts)
    if wanted.search(data) or (told and any_field.search(data)):
        found.append(str(file.relative_to(directory)))
    if data[:4] == b"RMPS":
        sealed.setdefault(data[8:40].hex(), []).append(file)
log = (directory / "post-run/appliance.log").read_text()
if "is refused, the present one stays" not in log or "`rampa profiles check" not in log:
    found.append("the log does not say that the broken set was refused, and what to do")

# A start with the broken set: ends at once, and says place and remedy.
start = subprocess.run([rampa, "serve", "--simulated", "--site", site], capture_output=True, timeout=60)
text = start.stdout + start.stderr
if start.returncode == 0 or b"(profiles[" not in text or b"`rampa profiles check" not in text:
    found.append(f"a start with the broken set ended with {start.returncode}: {text[:500]!r}")
if wanted.search(text):
    found.append(f"the start with the broken set says {wanted.search(text).group().decode()}")

print(f"{number} canaries, {len(rows)} crossings, {hits} mentions of their profiles in the records, {urgent_hits} of an urgent one; {looked} files and records, {len(asked)} answers of the API "
      f"with {open_checks} open checks: {len(found)} found; the {len(hashes)} sets lie sealed in {[len(sealed.get(h, [])) for h in hashes]} places")
if found:
    sys.exit("\n".join(found[:20]))
if hits == 0 or urgent_hits == 0 or greened == 0 or len(rows) < 8 or open_checks == 0:
    sys.exit("the test saw too little to prove anything")
key_file = directory / "risk-unit.key"
key_file.write_text(risk_unit["secret_key"])
at_hq = {}
for one in hashes:
    places = {file.relative_to(directory / "post-run").parts[0]: file for file in sealed.get(one, [])}
    if "post" not in places:
        sys.exit(f"set {one} does not lie in the post's store: assessments could not be made again")
    if "hq" in places:
        at_hq[one] = places["hq"]
if hashlib.sha256(first_set).hexdigest() not in at_hq:
    sys.exit("HQ has not got the set that the post began with: the test saw too little")
for one, file in at_hq.items():
    opened = subprocess.run([rampa, "explain", "--open", file, "--key", key_file], capture_output=True, check=True).stdout
    if not wanted.search(opened) or hashlib.sha256(opened[:-1]).hexdigest() != one:
        sys.exit(f"the risk unit's key does not open set {one} as HQ has it")
again = [subprocess.run([rampa, "reassess", row["id"], "--site", site], capture_output=True, text=True) for row in rows if row["channel"]]
if not again or any(r.returncode for r in again):
    sys.exit("not made again from the sealed sets: " + "".join(r.stdout + r.stderr for r in again if r.returncode))
