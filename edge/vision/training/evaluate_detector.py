#!/usr/bin/python3
"""What the exported detector finds, in OpenCV's dnn with one thread: recall and false plates by threshold, and times.

  evaluate_detector.py [--model ../models/plate_detector.onnx] [--shared ../shared/data] [--sheet errors.png] [--second]

Sets: eu (108 photographs; further plates in them count as false), the dash-cam's held-out passages and its 74 labelled
frames (far plates have no boxes and count as false), negatives (no plate in any), and generated scenes of faces and
backgrounds that training doesn't see. Nothing is trained on here.
"""
import argparse
import csv
import glob
import math
import os
import time

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
AREA = 640 * 352
THRESHOLDS = (.1, .2, .3, .4, .5, .6, .7, .8)


class Finder:
  def __init__(self, model):
    cv2.setNumThreads(1)
    self.net = cv2.dnn.readNetFromONNX(model)
    self.times = []

  def once(self, grey, area, least=.05):
    """Plates as (score, two lines, corners), best first. The frame is shrunk to about `area` pixels, never enlarged."""
    height, width = grey.shape
    scale = min(1.0, math.sqrt(area / (width * height)))
    w, h = (max(32, int(round(v * scale / 32)) * 32) for v in (width, height))
    started = time.process_time()
    small = grey if (w, h) == (width, height) else cv2.resize(grey, (w, h), interpolation=cv2.INTER_AREA)
    self.net.setInput(((small.astype(np.float32) - 128) / 128)[None, None])
    out = self.net.forward()[0]
    self.times.append(time.process_time() - started)
    heat = out[0]
    peaks = (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat > math.log(least / (1 - least)))
    found = []
    for y, x in zip(*np.nonzero(peaks)):
      corners = (out[2:, y, x].reshape(4, 2) + [x + .5, y + .5]) * 8 * [width / w, height / h]
      found.append((1 / (1 + math.exp(-float(heat[y, x]))), 1 / (1 + math.exp(-float(out[1, y, x]))), corners))
    found.sort(key=lambda f: -f[0])
    kept = []
    for f in found:  # one plate, one answer
      if all(overlap(box(f[2]), box(k[2])) < .3 for k in kept):
        kept.append(f)
    return kept

  def __call__(self, grey, second=False, bar=.4):
    found = self.once(grey, AREA)
    if second and not any(f[0] > bar for f in found):  # very near plates are seen better at half the size
      further = self.once(grey, AREA / 4)
      found = sorted(further + [f for f in found if all(overlap(box(f[2]), box(g[2])) < .3 for g in further)], key=lambda f: -f[0])
    return found


def box(corners):
  return np.r_[corners.min(0), corners.max(0)]


def overlap(a, b):
  both = np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).prod()
  return both / max(1e-9, (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - both)


def inside(found, truth):
  """The truth's centre lies in what was found, and what was found is centred in the truth."""
  centre, truth_centre = found.mean(0), (truth[:2] + truth[2:]) / 2
  return cv2.pointPolygonTest(found.astype(np.float32), tuple(map(float, truth_centre)), False) >= 0 and (centre > truth[:2]).all() and (centre < truth[2:]).all()


def report(name, answers):
  """`answers`: for each frame what was found and the boxes that are there."""
  plates = sum(len(t) for _, t in answers)
  print("%s: %d frames, %d plates" % (name, len(answers), plates))
  for bar in THRESHOLDS:
    matched = centred = false = 0
    for found, truths in answers:
      above = [f for f in found if f[0] >= bar]
      matched += sum(any(overlap(box(f[2]), t) > .5 for f in above) for t in truths)
      centred += sum(any(overlap(box(f[2]), t) > .5 or inside(f[2], t) for f in above) for t in truths)
      false += sum(not any(overlap(box(f[2]), t) > .3 or inside(f[2], t) for t in truths) for f in above)
    print("  at %.1f: " % bar + ("IoU > 0.5 %d (%.1f %%), or centred %d (%.1f %%), " % (matched, 100 * matched / plates, centred, 100 * centred / plates) if plates else "") +
          "false %d (%.3f a frame)" % (false, false / len(answers)))


def generated(finder, shared, count, second, seed=77):
  """Recall and corner error on generated scenes by size and by tilt of the plate."""
  import scenes
  painter = scenes.Scenes(seed, shared, held_out=True)
  rows, false, frames = [], 0, 0
  for _ in range(count):
    frame, labels = painter.draw()
    frame = frame[16:-16]
    labels = labels[labels[:, 9] >= 0]
    labels[:, 1:8:2] -= 16
    found = [f for f in finder(frame, second) if f[0] >= .4]
    quads = [row[:8].reshape(4, 2) for row in labels]
    false += sum(not any(overlap(box(f[2]), box(q)) > .3 for q in quads) for f in found)
    frames += 1
    for row, quad in zip(labels, quads):
      low, high = box(quad)[:2], box(quad)[2:]
      if row[9] != scenes.QUAD or low.min() < 0 or high[0] > 640 or high[1] > 352:
        continue
      reach, rise = np.linalg.norm(quad[1] - quad[0]), (np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
      tilt = abs(math.degrees(math.atan2(*(quad[1] - quad[0])[::-1])))
      best = max(found, key=lambda f: overlap(box(f[2]), box(quad)), default=None)
      hit = best is not None and overlap(box(best[2]), box(quad)) > .5
      error = np.linalg.norm(best[2] - quad, axis=1).mean() / rise if hit else np.nan
      rows.append((reach, tilt, hit, error, hit and (best[1] > .5) == bool(row[8])))
  rows = np.array(rows, float)
  print("generated: %d frames, %d plates, false at 0.4: %d (%.3f a frame)" % (frames, len(rows), false, false / frames))
  for name, column, edges in (("width", 0, (17, 24, 40, 80, 160, 340)), ("tilt", 1, (0, 5, 15, 45))):
    for a, b in zip(edges, edges[1:]):
      part = rows[(rows[:, column] >= a) & (rows[:, column] < b)]
      if len(part):
        print("  %s %d-%d: %d plates, recall at 0.4 %.1f %%, corner error %.3f of the height (median; 90th per cent %.3f), lines right %.1f %%" %
              (name, a, b, len(part), 100 * part[:, 2].mean(), np.nanmedian(part[:, 3]), np.nanpercentile(part[:, 3], 90), 100 * part[:, 4].sum() / max(1, part[:, 2].sum())))


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("--model", default=os.path.join(HERE, "../models/plate_detector.onnx"))
  parser.add_argument("--shared", default=os.environ.get("RAMPA_SHARED_DATA", "../shared/data"))
  parser.add_argument("--second", action="store_true", help="a second pass at half the size where the first finds nothing")
  parser.add_argument("--generated", type=int, default=400)
  parser.add_argument("--sheet", help="writes what went wrong, at 0.4, as one picture")
  options = parser.parse_args()
  import scenes
  finder = Finder(options.model)
  root = os.path.join(options.shared, "plates")
  sets = {}
  with open(os.path.join(root, "eu/truth.csv")) as table:
    sets["eu"] = [(os.path.join(root, "eu", r["image"]), [[float(r["x"]), float(r["y"]), float(r["x"]) + float(r["width"]), float(r["y"]) + float(r["height"])]])
                  for r in csv.DictReader(table)]
  split = scenes.dashcam_split(options.shared)
  for name in ("held", "test"):
    sets["dash-cam " + name] = [(os.path.join(root, "romania/images", n + ".jpg"), b) for n, b in split[name]]
  sets["negatives"] = [(f, []) for f in sorted(glob.glob(os.path.join(root, "negatives/*")))]
  wrong = []
  for name, items in sets.items():
    answers = []
    for path, truths in items:
      picture = cv2.imread(path)
      truths = [np.array(t, float) for t in truths]
      found = finder(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), options.second)
      answers.append((found, truths))
      missed = [t for t in truths if not any(f[0] >= .4 and (overlap(box(f[2]), t) > .5 or inside(f[2], t)) for f in found)]
      if options.sheet and (missed or any(f[0] >= .4 and not any(overlap(box(f[2]), t) > .3 for t in truths) for f in found)):
        wrong.append(marked(picture, found, missed, name))
    report(name, answers)
  if options.generated:
    generated(finder, options.shared, options.generated, options.second)
  if options.sheet:
    rows = [wrong[i:i + 6] for i in range(0, len(wrong), 6)]
    blank = np.zeros_like(wrong[0])
    cv2.imwrite(options.sheet, np.vstack([np.hstack(r + [blank] * (6 - len(r))) for r in rows]))
  frame = np.random.default_rng(1).integers(0, 255, (352, 640), np.uint8)
  finder.times.clear()
  for _ in range(100):
    finder.once(frame, AREA, .99)
  print("640x352, one thread: %.2f ms (median of 100), least %.2f" % (1e3 * np.median(finder.times), 1e3 * min(finder.times)))


def marked(picture, found, missed, name, width=400, height=300):
  """A picture with what was found (green at 0.4 and above, yellow from 0.25) and what was missed (red)."""
  scale = min(width / picture.shape[1], height / picture.shape[0])
  small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
  for score, _, corners in found:
    if score < .25:
      continue
    cv2.polylines(small, [(corners * scale).astype(np.int32)], True, (0, 255, 0) if score >= .4 else (0, 255, 255), 1)
    cv2.putText(small, "%.2f" % score, tuple((corners[0] * scale).astype(int) - [0, 3]), cv2.FONT_HERSHEY_PLAIN, .8, (0, 255, 255), 1)
  for t in missed:
    cv2.rectangle(small, tuple((t[:2] * scale).astype(int)), tuple((t[2:] * scale).astype(int)), (0, 0, 255), 1)
  out = np.zeros((height, width, 3), np.uint8)
  out[:small.shape[0], :small.shape[1]] = small
  cv2.putText(out, name, (4, 12), cv2.FONT_HERSHEY_PLAIN, .9, (255, 255, 255), 1)
  return out


if __name__ == "__main__":
  main()
