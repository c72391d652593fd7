"""A sheet of the detector's scenes to look at: scene_sheet.py OUT.png [--shared ../shared/data] [--seed 1] [--held-out] [--plain]

Green: a plate with exact corners (the dot is its top left); blue: a real plate's box; red: counted neither way."""
import argparse
import os

import cv2
import numpy as np

import scenes

COLOURS = {scenes.QUAD: (0, 255, 0), scenes.BOX: (255, 128, 0), scenes.IGNORE: (0, 0, 255)}

if __name__ == "__main__":
  p = argparse.ArgumentParser()
  p.add_argument("out")
  p.add_argument("--shared", default=os.environ.get("RAMPA_SHARED_DATA", "../shared/data"))
  p.add_argument("--seed", type=int, default=1)
  p.add_argument("--held-out", action="store_true")
  p.add_argument("--plain", action="store_true", help="without the labels")
  a = p.parse_args()
  painter = scenes.Scenes(a.seed, a.shared, a.held_out)
  tiles = []
  for _ in range(20):
    frame, labels = painter.draw()
    frame = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
    for row in labels[labels[:, 9] >= 0] if not a.plain else []:
      cv2.polylines(frame, [row[:8].reshape(4, 2).astype(np.int32)], True, COLOURS[int(row[9])], 1)
      cv2.circle(frame, (int(row[0]), int(row[1])), 3, (0, 255, 255), -1)
    tiles.append(frame)
  sheet = np.vstack([np.hstack(tiles[i:i + 4]) for i in range(0, 20, 4)])
  cv2.imwrite(a.out, cv2.resize(sheet, None, fx=.72, fy=.72, interpolation=cv2.INTER_AREA))
