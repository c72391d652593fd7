#!/usr/bin/env python3
"""The planted-bug exam: plants each known bug in a copy of the tree and sees that a test catches it.

A test that cannot fail proves nothing. For every plant of plants.py and scenario_plants.py the exam
  1. runs the test without the plant (it must pass, or nothing is learnt),
  2. takes the protection out by an exact replacement of text in a copy of the tree,
  3. builds only the targets that the test needs and runs the test: it must fail,
  4. restores the text.
A plant whose text is not found exactly once, that does not compile, or whose test runs nothing is an error of the exam
and never counts as caught: the table cannot rot silently. `--check` looks at the texts alone, within a second.

Exit: 0 every plant was caught; 1 a plant survived; 2 the exam itself is out of order.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from plants import PLANTS  # noqa: E402
from scenario_plants import NOT_PLANTED, SCENARIO_PLANTS  # noqa: E402

TOP = Path(__file__).resolve().parents[2]
ALL = PLANTS + SCENARIO_PLANTS
LIMIT_S = 600  # of one test command; it takes seconds on an idle machine
CAUGHT, SURVIVED, BROKEN = "caught", "SURVIVED", "BROKEN"


class OutOfOrder(Exception):
    """The exam cannot say anything about this plant; the text says why."""


def replaced(text, old, new, where):
    count = text.count(old)
    if count != 1:
        raise OutOfOrder(f"{where}: the text to replace is there {count} times, not once: {old!r}; correct the plant's table")
    if old == new:
        raise OutOfOrder(f"{where}: the plant changes nothing")
    return text.replace(old, new)


def planted_texts(tree, plant):
    """Path -> (text as it is, text with the plant)."""
    texts = {}
    for path, old, new in plant["edits"]:
        file = tree / path
        if not file.is_file():
            raise OutOfOrder(f"{plant['name']}: {path} is not there; correct the plant's table")
        before, now = texts.get(path, (None, None))
        if before is None:
            before = now = file.read_text()
        texts[path] = (before, replaced(now, old, new, f"{plant['name']}: {path}"))
    return texts


def copy_tree(tree):
    """Brings the copy up to date with the working tree: tracked files and new ones that git does not ignore. What did not
    change keeps its time, so that a kept copy builds little."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=TOP, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    wanted = {name for name in listed if name and (TOP / name).is_file()}
    list_file = tree / ".planted-copy"
    before = set(list_file.read_text().split("\n")) if list_file.exists() else set()
    for name in sorted(before - wanted - {""}):
        (tree / name).unlink(missing_ok=True)
    for name in sorted(wanted):
        source, target = TOP / name, tree / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    list_file.write_text("\n".join(sorted(wanted)))


class Exam:
    def __init__(self, tree, jobs, log):
        self.tree, self.jobs, self.log = tree, jobs, log
        self.build_dir = tree / "build" / "debug"
        self.environment = dict(os.environ, CCACHE_BASEDIR=str(tree), CCACHE_NOHASHDIR="1", CI="", LC_ALL="C.UTF-8",
                                RAMPA_ICD_DIR=str(tree / "firmware-interfaces" / "icd"))
        self.sound = {}  # command -> what the test said without a plant

    def call(self, command, limit_s):
        """Return code (None: ran past its limit) and everything it printed."""
        try:
            done = subprocess.run(command, cwd=self.tree, env=self.environment, timeout=limit_s,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            code, output = done.returncode, done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as late:
            code, output = None, (late.stdout or b"").decode(errors="replace")
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(map(str, command))}\n{output}\n-> {code}\n\n")
        return code, output

    def build(self, targets):
        if not (self.build_dir / "build.ninja").exists():
            code, output = self.call(["cmake", "--preset", "debug"], 300)
            if code != 0:
                raise OutOfOrder("configuring failed:\n" + tail(output))
        code, output = self.call(["ninja", f"-j{self.jobs}", "-C", str(self.build_dir), *targets], 3600)
        if code != 0:
            raise OutOfOrder("the build failed:\n" + tail(output))

    def run(self, plant):
        binary, *arguments = plant["test"]
        return self.call([str(self.build_dir / "bin" / binary), *arguments], plant.get("limit_s", LIMIT_S))

    def without_plant(self, plant):
        key = tuple(plant["test"])
        if key not in self.sound:
            self.build(plant["targets"])
            code, output = self.run(plant)
            if code is None:
                self.sound[key] = f"the test runs past {plant.get('limit_s', LIMIT_S)} s without the plant already"
            elif code != 0:
                self.sound[key] = "the test fails without the plant already:\n" + tail(output, 12)
            elif not ran_something(plant, output):
                self.sound[key] = "the test command runs no test: " + " ".join(plant["test"])
            else:
                self.sound[key] = ""
        if self.sound[key]:
            raise OutOfOrder(self.sound[key])

    def sit(self, plant):
        """-> (standing, by what)"""
        self.without_plant(plant)
        texts = planted_texts(self.tree, plant)
        try:
            for path, (_, with_plant) in texts.items():
                (self.tree / path).write_text(with_plant)
            self.build(plant["targets"])
            code, output = self.run(plant)
        finally:
            for path, (before, _) in texts.items():
                (self.tree / path).write_text(before)
        if code == 0:
            return SURVIVED, " ".join(plant["test"])
        return CAUGHT, witness(plant, code, output)


def tail(output, lines=25):
    return "\n".join(output.rstrip().split("\n")[-lines:])


def is_bench(plant):
    return plant["test"][0] == "rampa-hil"


def ran_something(plant, output):
    if is_bench(plant):
        return "skipped" not in output and bool(output.strip())
    if plant["test"][0] == "risk_fuzz":
        return "0 differences" in output
    found = re.search(r"\[  PASSED  \] (\d+) test", output)
    return bool(found) and int(found.group(1)) > 0


def witness(plant, code, output):
    """What the test said. A test that could not run at all is no witness."""
    if code is None:  # a busy machine looks the same, so it is nobody's catch
        raise OutOfOrder(f"ran past {plant.get('limit_s', LIMIT_S)} s; on a busy machine try again with --only {plant['name']}")
    if is_bench(plant):
        wrong = re.findall(r"^  WRONG (.*)$", output, re.M)
        if code == 1 and wrong:
            return re.sub(r"^\S*/", "", wrong[0]) + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else "")
        if code == 1 and '"violations"' in output:
            return "violations in the simulation"
        raise OutOfOrder(f"rampa-hil ended with {code} and no verdict:\n" + tail(output))
    if plant["test"][0] == "risk_fuzz":
        said = re.search(r"^seed \d+ question .*$", output, re.M)
        if code == 1 and said:
            return said[0]
        raise OutOfOrder(f"risk_fuzz ended with {code} and named no difference:\n" + tail(output))
    failed = sorted(set(re.findall(r"^\[  FAILED  \] ([\w/]+\.[\w/]+)", output, re.M)))
    if failed:
        return failed[0] + (f" (and {len(failed) - 1} more)" if len(failed) > 1 else "")
    if code < 0:
        running = re.findall(r"^\[ RUN      \] (\S+)", output, re.M)
        return f"{running[-1] if running else 'the test program'} ended by signal {-code}"
    raise OutOfOrder(f"the test program ended with {code} and no failed test:\n" + tail(output))


def check(plants):
    faults = []
    names = [p["name"] for p in ALL]
    faults += [f"{name} is there twice" for name in sorted({n for n in names if names.count(n) > 1})]
    for plant in plants:
        try:
            planted_texts(TOP, plant)
        except OutOfOrder as error:
            faults.append(str(error))
    scenarios = {f.stem for f in (TOP / "tests" / "scenarios").glob("*.toml")}
    spoken_of = {s for p in SCENARIO_PLANTS for s in [Path(p["test"][-1]).stem]} | set(NOT_PLANTED)
    faults += [f"scenario {name}: neither a plant nor a reason in scenario_plants.py" for name in sorted(scenarios - spoken_of)]
    faults += [f"scenario {name} is in scenario_plants.py and not in tests/scenarios" for name in sorted(spoken_of - scenarios)]
    return faults


def choose(names):
    chosen = [p for p in ALL if p["name"] in names]
    unknown = set(names) - {p["name"] for p in chosen}
    if unknown:
        sys.exit(f"exam: no plant {', '.join(sorted(unknown))}; --list names them")
    return chosen


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--work", help="folder for the copy and its build; kept. Without it: a temporary one, removed at the end")
    arguments.add_argument("--only", action="append", metavar="NAME", default=[], help="this plant alone; may be repeated")
    arguments.add_argument("--bugs", action="store_true", help="the bugs of plants.py alone, without the scenarios")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    arguments.add_argument("--list", action="store_true", help="names the plants and what they remove")
    arguments.add_argument("--check", action="store_true", help="sees that every plant's text is there exactly once; builds nothing")
    arguments.add_argument("--json", action="store_true", help="the result as one JSON object on standard output")
    options = arguments.parse_args()
    plants = choose(options.only) if options.only else PLANTS if options.bugs else ALL

    if options.list:
        for plant in plants:
            print(f"{plant['name']:34} {plant['removes']}")
        for name, why in NOT_PLANTED.items():
            print(f"({name}: no plant: {why})")
        return 0
    faults = check(plants)
    if options.check or faults:
        print("\n".join(faults) if faults else f"{len(plants)} plants, every text found once", file=sys.stderr if faults else sys.stdout)
        return 2 if faults else 0

    work = Path(options.work).resolve() if options.work else Path(tempfile.mkdtemp(prefix="rampa-planted-"))
    if work == TOP or TOP in work.parents and "build" not in work.relative_to(TOP).parts[:1]:
        sys.exit("exam: --work must lie outside the source tree (or under build/)")
    tree = work / "tree"
    tree.mkdir(parents=True, exist_ok=True)
    results = []
    try:
        copy_tree(tree)
        exam = Exam(tree, options.jobs, work / "exam.log")
        say = (lambda *text: print(*text, file=sys.stderr, flush=True)) if options.json else (lambda *text: print(*text, flush=True))
        began = time.monotonic()
        for plant in plants:
            start = time.monotonic()
            try:
                standing, by = exam.sit(plant)
            except OutOfOrder as error:
                standing, by = BROKEN, str(error)
            results.append({"plant": plant["name"], "removes": plant["removes"], "test": " ".join(plant["test"]),
                            "standing": standing, "by": by, "seconds": round(time.monotonic() - start, 1)})
            say(f"{standing:9} {plant['name']:34} {results[-1]['seconds']:6.1f} s  {by}")
        count = {s: sum(r["standing"] == s for r in results) for s in (CAUGHT, SURVIVED, BROKEN)}
        summary = (f"{len(results)} plants: {count[CAUGHT]} caught, {count[SURVIVED]} survived, {count[BROKEN]} out of order; "
                   f"{time.monotonic() - began:.0f} s")
        say(summary)
        if options.json:
            print(json.dumps({"results": results, "not_planted": NOT_PLANTED, "summary": summary}, indent=1))
        return 2 if count[BROKEN] else 1 if count[SURVIVED] else 0
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
