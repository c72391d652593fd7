#!/usr/bin/env python3
"""Lists the tests of a CTest run that were skipped, each with the reason that it printed. Argument: the run's JUnit file."""
import re
import sys
import xml.etree.ElementTree as tree


def reason(output):
    """What a GoogleTest says after "Skipped", or the last line that speaks of skipping."""
    told = re.search(r": Skipped\n(.+?)(?:\n\n|\n\[|\Z)", output, re.S)
    if told:
        return " ".join(told.group(1).split())
    lines = [line.strip() for line in output.splitlines() if "skip" in line.lower()]
    return lines[-1] if lines else "says no reason"


def main():
    try:
        cases = tree.parse(sys.argv[1]).getroot().iter("testcase")
    except (OSError, tree.ParseError) as error:
        sys.exit(f"skipped tests: {sys.argv[1]}: {error}")
    skipped = [(case.get("name"), reason(case.findtext("system-out") or "")) for case in cases if case.get("status") == "notrun"]
    if skipped:
        print(f"\n{len(skipped)} tests did not run:")
    for name, why in skipped:
        print(f"  {name}: {why}")


if __name__ == "__main__":
    main()
