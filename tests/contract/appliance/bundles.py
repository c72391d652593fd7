#!/usr/bin/env python3
"""`rampa serve` on a folder of bundles, as a real process: it begins with the installed set, takes a newer bundle that is installed while
it runs, refuses a bundle of another post, and has who signed in its journal. No device answers; no lane is needed.

usage: bundles.py TREE RAMPA DIRECTORY
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

tree, rampa, directory = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
shutil.rmtree(directory, ignore_errors=True)
directory.mkdir(parents=True)


def at(name):
    return directory / name


def tool(*arguments, fails=False):
    done = subprocess.run([rampa, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    if (done.returncode != 0) != fails:
        sys.exit(f"rampa {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


for person in ("ana", "boris", "dragan", "ema", "snapshot", "timestamp", "goran", "hana"):
    tool("profiles", "keys", "--person", person, "--out", at(f"{person}.key"))


def keys(*persons):
    return ",".join(str(at(f"{p}.key.pub")) for p in persons)


tool("profiles", "keys", "--role", f"root={keys('ana', 'boris')}", "--role", f"targets={keys('dragan', 'ema')}", "--role", f"snapshot={keys('snapshot')}",
     "--role", f"timestamp={keys('timestamp')}", "--role", f"breakglass={keys('goran', 'hana')}", "--expires", "2099-01-01T00:00:00Z",
     "--key", at("ana.key"), "--key", at("boris.key"), "--out", at("1.root.json"))


def publish(release, post):
    at("set.json").write_text(json.dumps({"format": 2, "version": f"bundle-{release}",
                                          "policy": {"stop_limit": {"waived": "a new post has no past to try it on"}}, "profiles": [
        {"id": "A", "title": "t", "channel": "yellow", "instruction": "i", "when": "always"}]}))
    bundle = at(f"{release}.{post}.bundle")
    tool("profiles", "sign", "--set", at("set.json"), "--root", at("1.root.json"), "--post", post, "--release", release, "--metadata-version", release,
         "--expires", "2099-01-01T00:00:00Z", "--key", at("dragan.key"), "--key", at("ema.key"), "--out", at("draft"))
    tool("profiles", "sign", "--continue", at("draft"), "--metadata-version", release, "--key", at("snapshot.key"), "--key", at("timestamp.key"), "--out", bundle)
    return bundle


text = (tree / "config/sites/one-lane.toml").read_text()
for key, value in {"directory": '"store"', "profiles": '"profiles"', "port": "0"}.items():
    text, count = re.subn(rf"^{key} = .*$", f"{key} = {value}", text, count=1, flags=re.M)
    if count != 1:
        sys.exit(f"one-lane.toml has no {key}")
text = re.sub(r"^(declarations|watch_lists) = .*$", "", text, flags=re.M)
at("site.toml").write_text(text)
tool("profiles", "install", "--root", at("1.root.json"), "--directory", at("profiles"))
tool("profiles", "install", publish(1, "RS-EXAMPLE"), "--site", at("site.toml"))

log = open(at("serve.log"), "w+")
serve = subprocess.Popen([rampa, "serve", "--simulated", "--site", at("site.toml")], stdout=log, stderr=subprocess.STDOUT, cwd=directory)


def said(words, seconds=60):
    """Waits until the log has it."""
    end = time.monotonic() + seconds
    while words not in at("serve.log").read_text():
        if serve.poll() is not None or time.monotonic() > end:
            serve.kill()
            sys.exit(f"serve did not say {words!r}:\n" + at("serve.log").read_text())
        time.sleep(0.1)


said("serves on http://")
other = tool("profiles", "install", publish(2, "RS-OTHER"), "--site", at("site.toml"), fails=True)
if "wrong_post" not in other:
    sys.exit(f"another post's bundle: {other}")
tool("profiles", "install", publish(3, "RS-EXAMPLE"), "--site", at("site.toml"))
said("profile set bundle-3 is active for the next crossings")
serve.send_signal(signal.SIGTERM)
if serve.wait(timeout=60) != 0:
    sys.exit("serve did not end in good order:\n" + at("serve.log").read_text())
if "bundle-2" in at("serve.log").read_text():
    sys.exit("the other post's set was looked at")
journal = b"".join(file.read_bytes() for file in sorted(at("store/journal").iterdir()))
for words in (rb"profiles-installed", rb"release 1 \(bundle-1\)", rb"release 3 \(bundle-3\)", rb"profile_set_activated", rb"a new post has no past to try it on", rb"dragan, ema|ema, dragan"):
    if not re.search(words, journal):
        sys.exit(f"the journal does not have {words.decode()}")
again = subprocess.run([rampa, "verify", "--site", at("site.toml")], capture_output=True, text=True, timeout=60)
if again.returncode != 0:
    sys.exit("the store is not whole: " + again.stdout + again.stderr)
print("begun with release 1, took release 3 while it ran, refused another post's; who signed is in the journal")
