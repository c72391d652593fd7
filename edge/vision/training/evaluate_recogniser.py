#!/usr/bin/python3
"""What the committed recogniser reads, by cv2.dnn, greedy CTC, no formats: a synthetic split of faces that training never drew, the labelled
Romanian boxes, eu's boxes, and the two-line crops whose file names carry the text. Boxes are taken as they stand (no corners), so tilted
plates are read tilted.

  evaluate_recogniser.py ../models --shared ../shared/data [--wrong] [--sheet OUT.png]"""
import argparse
import csv
import json
import math
import os
import re
import time

import cv2
import numpy as np

import plates
from train_recogniser import IGNORED, distance, test_split


class Reader:
  def __init__(self, folder):
    self.about = json.load(open(os.path.join(folder, "plates.json"), encoding="utf-8"))["recogniser"]
    self.net = cv2.dnn.readNetFromONNX(os.path.join(folder, "plate_recogniser.onnx"))
    self.seconds = []

  def read(self, crop):
    start = time.perf_counter()
    self.net.setInput(((crop.astype(np.float32) - 128) / 128)[None, None])
    text, country = self.net.forward(["text", "country"])
    self.seconds.append(time.perf_counter() - start)
    best = text[0].argmax(-1)
    read = "".join(self.about["alphabet"][c - 1] for i, c in enumerate(best) if c and (i == 0 or best[i - 1] != c))
    return read, self.about["countries"][int(country[0].argmax())]


def box_quad(x, y, w, h):
  return np.float32([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])


def boxes(folder, table):
  """(name, grey image, quad, text)"""
  for row in csv.DictReader(open(os.path.join(folder, table), encoding="utf-8")):
    if row["plate"]:
      image = cv2.imread(os.path.join(folder, "images" if os.path.isdir(os.path.join(folder, "images")) else "", row["image"]), cv2.IMREAD_GRAYSCALE)
      yield row["image"], image, box_quad(*(float(row[k]) for k in ("x", "y", "width", "height"))), row["plate"]


def interval(k, n):
  """Wilson, 95 %."""
  if not n:
    return 0, 1
  z, share = 1.96, k / n
  middle, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
  return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def report(name, rows, show):
  """rows: (what, read, truth)"""
  n = len(rows)
  exact = sum(r == t for _, r, t in rows)
  folded = sum(r.replace("O", "0") == t.replace("O", "0") for _, r, t in rows)
  wrong = sum(min(distance(r, t), len(t)) for _, r, t in rows)
  low, high = interval(exact, n)
  print(f"{name}: exact {exact} of {n} ({100 * exact / n:.1f} %, {100 * low:.1f} to {100 * high:.1f}), O and 0 folded {folded}, "
        f"characters {100 * (1 - wrong / max(1, sum(len(t) for _, _, t in rows))):.2f} %")
  if show:
    for what, r, t in rows:
      if r != t:
        print(f"  {what}: {t} read as {r}")


def main():
  p = argparse.ArgumentParser()
  p.add_argument("folder")
  p.add_argument("--shared", default=os.environ.get("RAMPA_SHARED_DATA", "../shared/data"))
  p.add_argument("--wrong", action="store_true", help="list what was misread")
  p.add_argument("--sheet", help="a picture of crops-europe with what was read, to look at")
  p.add_argument("--synthetic", type=int, default=4000)
  a = p.parse_args()
  cv2.setNumThreads(1)
  reader = Reader(a.folder)
  codes = reader.about["countries"]

  images, texts, countries = test_split(a.shared, plates.FORMATS, codes[:-1] + [""], a.synthetic, seed=77_001)
  read = [reader.read(image) for image in images]
  named = [(codes.index(c), k) for (_, c), k in zip(read, countries) if k != IGNORED]
  report("synthetic, faces never trained on", [(i, r, t) for i, ((r, _), t) in enumerate(zip(read, texts))], False)
  print(f"  its country, halves of two-line plates too: {100 * np.mean([x == y for x, y in named]):.1f} %; negatives read as empty: "
        f"{sum(not r for (r, _), t in zip(read, texts) if not t)} of {sum(not t for t in texts)}")

  for name, folder, table in (("romania, labelled boxes", "plates/romania", "texts.csv"), ("eu, boxes", "plates/eu", "truth.csv")):
    rows = [(file, reader.read(plates.rectify(image, quad))[0], text) for file, image, quad, text in boxes(os.path.join(a.shared, folder), table)]
    report(name, rows, a.wrong)

  folder, rows = os.path.join(a.shared, "plates/crops-two-line"), []
  for file in sorted(os.listdir(folder)):
    m = re.match(r"crop_([a-z]{1,3})_([a-z0-9-]+?)(_close|_front|_rear)*\.jpg$", file)
    text = m and m.group(2).replace("-", "").upper()
    if not m or len(text) < 4 or text.isalpha():
      continue
    image = cv2.imread(os.path.join(folder, file), cv2.IMREAD_GRAYSCALE)
    if not m.group(3):
      continue  # only the close crops are cut to the plate
    halves = plates.halves(box_quad(0, 0, image.shape[1], image.shape[0]))
    rows.append((file, "".join(reader.read(plates.rectify(image, half))[0] for half in halves), text))
  report("two-line crops with the text in the name, whole crop halved", rows, a.wrong)
  print(f"one crop: {1000 * np.median(reader.seconds):.2f} ms (median, setInput and forward)")

  if a.sheet:
    folder, tiles = os.path.join(a.shared, "plates/crops-europe"), []
    for file in sorted(os.listdir(folder))[::9][:150]:
      image = cv2.imread(os.path.join(folder, file), cv2.IMREAD_GRAYSCALE)
      crop = plates.rectify(image, box_quad(0, 0, image.shape[1], image.shape[0]))
      text, country = reader.read(crop)
      tile = np.full((50, 156), 90, np.uint8)
      tile[2:34, 2:130] = crop
      cv2.putText(tile, f"{text} {country}".translate(str.maketrans("ČĆŠŽĐÄÖÜ", "ccszdaou")), (3, 46), cv2.FONT_HERSHEY_SIMPLEX, .38, 255, 1, cv2.LINE_AA)
      tiles.append(tile)
    cv2.imwrite(a.sheet, np.vstack([np.hstack(tiles[i:i + 10]) for i in range(0, len(tiles) // 10 * 10, 10)]))


if __name__ == "__main__":
  main()
