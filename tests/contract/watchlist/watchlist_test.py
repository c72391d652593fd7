#!/usr/bin/env python3
"""`rampa watchlist build|match` as an administration uses it: watchlist_test.py RAMPA"""
import json
import pathlib
import subprocess
import sys
import tempfile

rampa = sys.argv[1]
folder = pathlib.Path(tempfile.mkdtemp(prefix="rampa-watchlist-"))
wrong = []


def check(what, fine):
    if not fine:
        wrong.append(what)


def run(*arguments, text=None):
    done = subprocess.run([rampa, "watchlist", *map(str, arguments)], input=text, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


HEAD = "# list: stolen\n# owner: HQ\n# reason: RIF 1\n"
rows, built = folder / "rows.csv", folder / "stolen.rwl"
rows.write_text(HEAD + "plate,country,second_plate,note\nBG 123-AA,SRB,BG 456-BB,case 7\nšA 001-ČĆ,SRB,,\nBG123AA,,,\n", encoding="utf-8")

code, out, err = run("build", rows, "-o", built, "--json", "--reads", 4000)
check(f"build: {code} {err}", code == 0)
answer = json.loads(out)
check(f"counts: {answer}", answer["entries"] == 2 and answer["duplicates"] == 1 and answer["rows"] == 3)
check("rates", answer["false_alerts"]["synthetic_reads"] > 3000 and "high_percent" in answer["false_alerts"]["edit_one"])
code, out, err = run("build", rows, "-o", built, "--reads", 4000)
check(f"build, words: {out}", code == 0 and "false alerts on" in out and "2 plates" in out)

code, out, err = run("match", built, "--json", text="8G I23 AA\nBG124AA\nША 001 CC\nnobody1\n")
lines = [json.loads(line) for line in out.splitlines()]
check(f"match: {code} {err}", code == 0 and len(lines) == 4)
check(f"alert: {lines[0]}", lines[0]["matches"][0]["likeness"] == "alert" and lines[0]["matches"][0]["listed"] == "BG123AA")
possible = lines[1]["matches"][0]
check(f"possible: {possible}", possible["likeness"] == "possible" and not possible["shown"] and "second_plate" in possible["needs_one_of"])
check(f"Cyrillic: {lines[2]}", lines[2]["matches"][0]["likeness"] == "equal")
check(f"nobody: {lines[3]}", lines[3]["matches"] == [])
code, out, err = run("match", built, "BG124AA", "--second-plate", "BG456BB")
check(f"second plate: {out}", "shown: second_plate agrees" in out)
code, out, err = run("match", built, "BG124AA")
check(f"needs: {out}", "not shown; would need" in out)
code, out, err = run("match", built, "BG+1")
check(f"no plate: {code} {err}", code == 1 and "U+002B" in err)

code, out, err = run("build", rows, "-o", built, "--reads", 2000)
check(f"too few reads: {code} {err}", code == 1 and "give --reads 3842 or more" in err)

bad = folder / "bad.csv"
bad.write_text(HEAD + "plate,country\nBG1,Serbia\nBG+1,SRB\nBG2,SRB\n")
code, out, err = run("build", bad, "-o", folder / "bad.rwl")
check(f"bad rows: {code} {err}", code == 1 and "bad.csv:5:" in err and "bad.csv:6:" in err and "nothing was built" in err)
check("nothing written", not (folder / "bad.rwl").exists())
against = folder / "against.csv"
against.write_text(HEAD + "plate,country\nBG1,SRB\nBG1,MNE\n")
code, out, err = run("build", against, "-o", folder / "bad.rwl")
check(f"contradiction: {err}", code == 1 and "line 6: stands already at line 5 with another country" in err)

operators, key = folder / "o.jsonl", folder / "o.key"
operators.write_text('{"list":"operators-1","kind":"operators","owner":"HQ","reason":"r"}\n{"operator":"RS 100200300","note":"n"}\n')
key.write_text("5" * 64)
code, out, err = run("build", operators, "-o", folder / "o.rwl")
check(f"no key: {err}", code == 1 and "--key" in err)
code, out, err = run("build", operators, "-o", folder / "o.rwl", "--key", key)
check(f"hashed: {code} {err}", code == 0)
check("no number in the file", b"100200300" not in (folder / "o.rwl").read_bytes())
code, out, err = run("match", folder / "o.rwl", "--key", key, "RS-100200300", "RS1")
check(f"operator: {out}", code == 0 and "equal [n]" in out and "RS1: not on operators-1" in out)
code, out, err = run("match", folder / "o.rwl", "RS1")
check(f"match without key: {err}", code == 1 and "--key" in err)
key.write_text("6" * 64)
code, out, err = run("match", folder / "o.rwl", "--key", key, "RS1")
check(f"other key: {err}", code == 1 and "another key" in err)

whole = built.read_bytes()
for name, damaged in {"short": whole[:-1], "flipped": whole[:50] + bytes([whole[50] ^ 4]) + whole[51:], "foreign": b"PK\x03\x04 something else"}.items():
    (folder / "damaged.rwl").write_bytes(damaged)
    code, out, err = run("match", folder / "damaged.rwl", "BG1")
    check(f"{name}: {code} {err}", code == 1 and "damaged.rwl: " in err and out == "")

for file in folder.iterdir():
    file.unlink()
folder.rmdir()
print("\n".join(wrong) or "fine")
sys.exit(1 if wrong else 0)
