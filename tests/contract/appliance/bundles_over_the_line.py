#!/usr/bin/env python3
"""What HQ decides reaches the lanes over the line: a whole post works (mosquitto, rampa-hq, simulated lanes, rampa), and while it works
HQ sends with `rampa-hq send`
  1. a bundle: the post fetches, verifies, installs and activates it, and crossings are decided by it;
  2. a broken bundle: refused with a reason that HQ sees as an alarm, and the set before it stays in force;
  3. watch lists that `rampa watchlist build` made: plates of severity red, operators as keyed hashes (the key lies at the post alone), and
     one whose key the post does not have, which is refused to HQ;
  4. pictures to compare with: one that HQ has from a crossing, for that crossing, which the post has itself and does not fetch; a file for a
     plate; and what is no picture, which HQ does not send.

usage: bundles_over_the_line.py TREE RAMPA RAMPA_HIL RAMPA_HQ DIRECTORY
"""
import hashlib
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

tree, rampa, rampa_hil, rampa_hq, directory = (pathlib.Path(a).resolve() for a in sys.argv[1:6])
shutil.rmtree(directory, ignore_errors=True)
copy, run_folder = directory / "tree", directory / "run"
copy.mkdir(parents=True)
shutil.copytree(tree / "config", copy / "config")
for entry in tree.iterdir():
    if entry.name not in ("config", "build", ".git"):
        (copy / entry.name).symlink_to(entry)


def at(name):
    return directory / name


def tool(program, *arguments, fine=(0,)):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    if done.returncode not in fine:
        sys.exit(f"{program.name} {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


# ---- keys, and a folder of bundles in place of the example's set
for person in ("ana", "boris", "dragan", "ema", "snapshot", "timestamp", "goran", "hana"):
    tool(rampa, "profiles", "keys", "--person", person, "--out", at(f"{person}.key"))


def keys(*persons):
    return ",".join(str(at(f"{p}.key.pub")) for p in persons)


tool(rampa, "profiles", "keys", "--role", f"root={keys('ana', 'boris')}", "--role", f"targets={keys('dragan', 'ema')}", "--role",
     f"snapshot={keys('snapshot')}", "--role", f"timestamp={keys('timestamp')}", "--role", f"breakglass={keys('goran', 'hana')}", "--expires",
     "2099-01-01T00:00:00Z", "--key", at("ana.key"), "--key", at("boris.key"), "--out", at("1.root.json"))
post = re.search(r'^id\s*=\s*"([^"]+)"', (tree / "config/sites/four-lanes.toml").read_text(), re.M).group(1)


def publish(release):
    at("set.json").write_text(json.dumps({"format": 2, "version": f"line-{release}", "profiles": [
        {"id": f"RELEASE-{release}", "title": "t", "channel": "green", "instruction": "i", "when": "always"}]}))
    bundle = at(f"{release}.bundle")
    at("history.jsonl").write_text("".join(json.dumps({"id": str(i), "at_ms": 1784505600000, "facts": {}}) + "\n" for i in range(100)))
    at("report.json").write_text(tool(rampa, "profiles", "simulate", at("set.json"), "--history", at("history.jsonl"), "--json"))
    tool(rampa, "profiles", "sign", "--set", at("set.json"), "--simulation", at("report.json"), "--root", at("1.root.json"), "--post", post, "--release", release, "--metadata-version",
         release, "--expires", "2099-01-01T00:00:00Z", "--key", at("dragan.key"), "--key", at("ema.key"), "--out", at("draft"))
    tool(rampa, "profiles", "sign", "--continue", at("draft"), "--metadata-version", release, "--key", at("snapshot.key"), "--key", at("timestamp.key"),
         "--out", bundle)
    return bundle


site = copy / "config/sites/four-lanes.toml"
text, count = re.subn(r"^profiles\s*=.*$", f'profiles = "{directory}/profiles"', site.read_text(), flags=re.M)
if count != 1:
    sys.exit("four-lanes.toml names no profiles")
site.write_text(text)
tool(rampa, "profiles", "install", "--root", at("1.root.json"), "--directory", at("profiles"))
first = publish(1)
tool(rampa, "profiles", "install", first, "--site", site, "--icd-dir", tree / "firmware-interfaces/icd")

# ---- the post at work
# Lorries come until enough have crossed that began after all that HQ sent, however long a busy machine takes to send it.
demo = subprocess.Popen([rampa_hil, "demo", "--tree", copy, "--headless", "--directory", run_folder],
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
output = []


def fail(why):
    demo.kill()
    log = (run_folder / "appliance.log")
    sys.exit(why + "\n" + "".join(output) + (log.read_text()[-6000:] if log.exists() else ""))


def log_has(words, times=1, seconds=60):
    end = time.monotonic() + seconds
    while (run_folder / "appliance.log").read_text().count(words) < times:
        if demo.poll() is not None or time.monotonic() > end:
            fail(f"the post did not say {words!r}")
        time.sleep(0.1)


def hq(*arguments, fine=(0,)):
    return tool(rampa_hq, "--json", "--directory", run_folder / "hq", *arguments, fine=fine)


def send(*what):
    return json.loads(hq("send", "--post", post, *what))["letter"]


def alarms():
    return [a for a in json.loads(hq("alarms", "--post", post, fine=(0, 1))) if a["what"] == "letter_refused"]


def alarm_says(words, seconds=30):
    end = time.monotonic() + seconds
    while not any(words in json.dumps(a, ensure_ascii=False) for a in alarms()):
        if demo.poll() is not None or time.monotonic() > end:
            fail(f"HQ does not see {words!r}: {alarms()}")
        time.sleep(0.2)


def picture_of_a_crossing(seconds=60):
    """A JPEG of a crossing that HQ holds: (crossing, SHA-256)."""
    end = time.monotonic() + seconds
    while True:
        for record in json.loads(hq("records", "--post", post, "--limit", "100000")):
            for blob in record["blobs"]:
                if record["kind"] == "capture" and blob["held"] and blob["media_type"] == "image/jpeg":
                    return record["crossing"], blob["sha256"]
        if demo.poll() is not None or time.monotonic() > end:
            fail("HQ holds no picture of a crossing")
        time.sleep(0.2)


def build(name, kind, head, rows, *key):
    source = at(f"{name}.csv")
    source.write_text(f"# list: {name}\n# kind: {kind}\n# owner: Uprava carina\n# reason: test\n{head}{kind[:-1]}\n" + "".join(row + "\n" for row in rows))
    tool(rampa, "watchlist", "build", source, "-o", at(f"{name}.rwl"), *key)
    return at(f"{name}.rwl")


def crossings():
    return [row["id"] for row in json.loads(tool(rampa, "crossings", "--limit", "1000", "--json", "--site", run_folder / "site.toml",
                                                 "--icd-dir", tree / "firmware-interfaces/icd"))["crossings"]]


ended = by_what_hq_sent = 0
begun_before = None
for line in demo.stdout:
    output.append(line)
    if "trigger to decision" not in line:
        continue
    ended += 1
    if begun_before is not None and line.split()[0] not in begun_before:
        by_what_hq_sent += 1
        if by_what_hq_sent == 4:
            demo.send_signal(signal.SIGINT)
    if ended == 2:
        send("--bundle", publish(2))
        log_has("profile set line-2 is active for the next crossings")
        at("broken.bundle").write_bytes(publish(3).read_bytes()[:-40] + bytes(40))
        send("--bundle", at("broken.bundle"))
        alarm_says("bundle broken.bundle: ")
        send("--bundle", first)  # HQ's mistake: an older one
        alarm_says("bundle 1.bundle: ")
        # Lists of the lorries that are still to come.
        declared = [json.loads(row) for row in (run_folder / "declarations.jsonl").read_text().splitlines()]
        (run_folder / "post/watch-lists").mkdir(exist_ok=True)
        at("operators.key").write_text("ab" * 32)
        at("unknown.key").write_text("cd" * 32)
        shutil.copy(at("operators.key"), run_folder / "post/watch-lists/operators.key")
        send("--watch-list", build("stolen", "plates", "# severity: red\n# instruction.en: Hold the vehicle.\n", sorted({d["plate"] for d in declared if d.get("plate")})))
        send("--watch-list", build("operators-1", "operators", "", sorted({d["consignee"] for d in declared if d.get("consignee")}), "--key", at("operators.key")))
        send("--watch-list", build("operators-2", "operators", "", ["RS1"], "--key", at("unknown.key")))
        log_has("watch list of HQ is taken: stolen: ")
        log_has("watch list of HQ is taken: operators-1: ")
        alarm_says("watch_list operators-2: ")
        pictured, picture = picture_of_a_crossing()
        seen = run_folder / "seen.jpg"
        seen.write_bytes(bytes.fromhex("ffd8ffe0") + b"another picture" * 20_000)  # of several pieces
        said = ("--note", "Compare.", "--by", "M. Petrovic")
        send("--reference-sha", picture, "--crossing", pictured, *said)
        send("--reference-image", seen, "--plate", "BG 999-ZZ", *said)
        log_has("reference image of HQ is taken: ", times=2)
        hq("send", "--post", post, "--reference-image", at("stolen.csv"), "--plate", "BG1", *said, fine=(2,))
        hq("send", "--post", post, "--reference-image", seen, *said, fine=(2,))  # for what?
        begun_before = crossings()
if demo.wait() != 0:
    fail("the demonstration failed")

# ---- what the crossings were decided by
found = set()
red_by_list = hashed = 0
for crossing in crossings():
    shown = tool(rampa, "show", crossing, "--json", "--site", run_folder / "site.toml", "--icd-dir", tree / "firmware-interfaces/icd")
    found |= set(re.findall(r"RELEASE-\d", shown))
    red_by_list += "on watch list: stolen" in shown and '"red"' in shown
    hashed += "on watch list: operators-1" in shown
if found != {"RELEASE-1", "RELEASE-2"}:
    sys.exit(f"crossings were decided by {found}")
if not red_by_list or not hashed:
    sys.exit(f"{red_by_list} crossings were red for the list of plates, {hashed} on the list of operators")
active = tool(rampa, "profiles", "list", "--site", run_folder / "site.toml", "--icd-dir", tree / "firmware-interfaces/icd", "--json")
if '"line-2"' not in active:
    sys.exit("the set in force is not the second: " + active)
operators = {d["consignee"] for d in declared if d.get("consignee")}
secret = next(iter(operators)).encode()
for file in list((run_folder / "post/watch-lists").glob("*.rwl")) + [f for f in (run_folder / "hq/blobs").rglob("*") if f.is_file()]:
    if secret in file.read_bytes():
        sys.exit(f"an operator of the hashed list stands in the open in {file}")
kept = {file.name for file in (run_folder / "post/reference-images").iterdir() if not file.suffix}
if kept != {picture, hashlib.sha256(seen.read_bytes()).hexdigest()}:
    sys.exit(f"pictures of HQ's at the post: {kept}")
shown = tool(rampa, "show", pictured, "--json", "--site", run_folder / "site.toml", "--icd-dir", tree / "firmware-interfaces/icd")
if f"sha256 {picture}" not in shown or "reference-image-taken" not in shown:
    sys.exit("the records of the crossing do not say that its picture came: " + shown)
if list((run_folder / "post/fetch").iterdir()):
    sys.exit(f"left behind: {list((run_folder / 'post/fetch').iterdir())}")
print(f"decided by {sorted(found)}, {red_by_list} red and {hashed} on hashed operators by lists of HQ; refused and told to HQ: {len(alarms())} letters")
if len(alarms()) != 3:
    sys.exit(f"HQ has other alarms: {alarms()}")
