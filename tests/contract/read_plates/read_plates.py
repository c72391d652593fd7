"""rampa read-plates: its JSON, its exit codes, and that it finds its nets in a checkout, where it is installed, and where it is told to.

  read_plates.py RAMPA BUILD TREE

The picture is the training's contact sheet, which has many plates. What is read well is the accuracy test's affair."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

rampa, build, tree = sys.argv[1:4]
sheet = os.path.join(tree, "edge/vision/training/contact_sheet.jpg")


def run(*arguments, binary=rampa, **environment):
  clean = {k: v for k, v in os.environ.items() if k != "RAMPA_PLATES_DIR"}
  return subprocess.run([binary, "read-plates", *arguments], env={**clean, **environment}, cwd="/", capture_output=True, text=True, timeout=60)


class ReadPlates(unittest.TestCase):
  def setUp(self):
    self.folder = pathlib.Path(tempfile.mkdtemp())
    self.addCleanup(shutil.rmtree, self.folder)

  def test_one_json_line_per_picture(self):
    for name in ("b.jpg", "a.jpg"):
      shutil.copy(sheet, self.folder / name)
    (self.folder / "notes.txt").write_text("no picture, and not taken for one")
    done = run("--json", "--country-hint", "RS", str(self.folder))
    self.assertEqual((done.returncode, done.stderr), (0, ""))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    self.assertEqual([pathlib.Path(line["file"]).name for line in lines], ["a.jpg", "b.jpg"])
    for line in lines:
      self.assertEqual(set(line), {"file", "plates", "ms"})
      self.assertGreater(line["ms"], 0)
      self.assertTrue(line["plates"])
      for plate in line["plates"]:
        self.assertLessEqual({"text", "printed", "confidence", "characters", "country", "certified", "box"}, set(plate))
        self.assertRegex(plate["text"], "^[A-Z0-9?]+$")
        self.assertTrue(0 <= plate["confidence"] <= 1)
        self.assertEqual([len(corner) for corner in plate["box"]], [2, 2, 2, 2])
        self.assertIsInstance(plate["certified"], bool)

  def test_a_run_of_frames_gives_one_line_per_plate_that_passed(self):
    for number in (7, 8, 10, 60):  # by number, not by name; the last one long after the others
      shutil.copy(sheet, self.folder / f"frame_{number}.jpg")
    done = run("--json", "--run", "500", str(self.folder))
    self.assertEqual((done.returncode, done.stderr), (0, ""))
    passages = [json.loads(line) for line in done.stdout.splitlines()]
    alone = json.loads(run("--json", sheet).stdout)["plates"]
    self.assertEqual(len(passages), 2 * len(alone))
    early, late = passages[:len(alone)], passages[len(alone):]
    for passage in early:
      self.assertEqual([pathlib.Path(passage[name]).name for name in ("first", "last")], ["frame_7.jpg", "frame_10.jpg"])
      self.assertEqual(passage["frames"], 3)
      self.assertEqual([c["character"] for c in passage["characters"]], list(passage["text"]))
    self.assertEqual({passage["frames"] for passage in late}, {1})
    self.assertEqual(sorted(p["text"] for p in early), sorted(p["text"] for p in alone))
    shutil.copy(sheet, self.folder / "again_8.jpg")
    done = run("--json", "--run", "500", str(self.folder))
    self.assertEqual(done.returncode, 1)
    self.assertIn("ends in the number of", done.stderr)

  def test_without_json_a_line_for_people(self):
    done = run(sheet)
    self.assertEqual(done.returncode, 0)
    self.assertTrue(done.stdout.startswith(sheet + ": "))

  def test_a_name_that_is_no_utf_8_ends_nothing(self):
    shutil.copy(sheet, os.fsencode(self.folder) + b"/a\xe9.jpg")
    shutil.copy(sheet, self.folder / "b.jpg")
    done = run("--json", str(self.folder))
    self.assertEqual((done.returncode, done.stderr), (0, ""))
    self.assertEqual([pathlib.Path(json.loads(line)["file"]).name for line in done.stdout.splitlines()], ["a\ufffd.jpg", "b.jpg"])

  def test_what_cannot_be_read_is_said_and_the_rest_goes_on(self):
    (self.folder / "broken.jpg").write_bytes(b"no picture")
    done = run("--json", str(self.folder / "broken.jpg"), "/not/there.jpg", sheet)
    self.assertEqual(done.returncode, 1)
    self.assertIn("broken.jpg: not a picture", done.stderr)
    self.assertIn("/not/there.jpg: is not there", done.stderr)
    self.assertEqual(len(done.stdout.splitlines()), 1)

  def test_wrong_usage(self):
    self.assertEqual(run().returncode, 2)
    self.assertEqual(run("--country-hint", "serbia", sheet).returncode, 2)
    done = run("--help")
    self.assertEqual(done.returncode, 0)
    for option in ("--json", "--country-hint", "--run", "--why", "--models"):
      self.assertIn(option, done.stdout)

  def test_without_nets_it_is_the_configuration_that_is_wrong(self):
    done = run(sheet, RAMPA_PLATES_DIR=str(self.folder))
    self.assertEqual(done.returncode, 78)
    self.assertIn(str(self.folder), done.stderr)

  def test_installed_it_reads_alike(self):
    subprocess.run(["cmake", "--install", build, "--component", "rampa", "--prefix", str(self.folder)], check=True, stdout=subprocess.DEVNULL)
    installed = run("--json", sheet, binary=str(self.folder / "bin/rampa"))
    self.assertEqual((installed.returncode, installed.stderr), (0, ""))
    plates = lambda done: json.loads(done.stdout)["plates"]
    self.assertEqual(plates(installed), plates(run("--json", sheet)))
    # It was the installed files that were read: without them nothing is.
    (self.folder / "share/rampa/plates/plate_detector.onnx").unlink()
    self.assertEqual(run("--json", sheet, binary=str(self.folder / "bin/rampa")).returncode, 78)


if __name__ == "__main__":
  unittest.main(argv=sys.argv[:1])
