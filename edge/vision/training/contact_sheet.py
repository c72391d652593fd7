#!/usr/bin/python3
"""A sheet of synthetic plates to look at: contact_sheet.py OUT.png [--shared ../shared/data] [--seed 1] [--held-out] [--flat]"""
import argparse
import os

import cv2
import numpy as np

import plates

if __name__ == "__main__":
  p = argparse.ArgumentParser()
  p.add_argument("out")
  p.add_argument("--shared", default=os.environ.get("RAMPA_SHARED_DATA", "../shared/data"))
  p.add_argument("--seed", type=int, default=1)
  p.add_argument("--formats", default=plates.FORMATS)
  p.add_argument("--held-out", action="store_true")
  p.add_argument("--flat", action="store_true", help="the plates before the camera")
  p.add_argument("--columns", type=int, default=10)
  p.add_argument("--rows", type=int, default=16)
  a = p.parse_args()
  source = plates.Plates(a.shared, a.seed, a.held_out, a.formats)
  tiles = []
  while len(tiles) < a.columns * a.rows:
    if a.flat:
      plate = source.plate()
      scale = min(152 / plate.image.shape[1], 70 / plate.image.shape[0])
      image = cv2.resize(plate.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
      found = [(image, "/".join(plate.lines), plate.country)]
    else:
      found = source.samples()
    for image, text, country in found:
      tile = np.full((90 if a.flat else 50, 156), 90, np.uint8)
      tile[2:2 + image.shape[0], 2:2 + image.shape[1]] = image
      label = f"{text} {'?' if country is None else country or '-'}".translate(str.maketrans("ČĆŠŽĐÄÖÜ", "ccszdaou"))
      cv2.putText(tile, label, (3, tile.shape[0] - 4), cv2.FONT_HERSHEY_SIMPLEX, .38, 255, 1, cv2.LINE_AA)
      tiles.append(tile)
  tiles = tiles[:a.columns * a.rows]
  cv2.imwrite(a.out, np.vstack([np.hstack(tiles[i:i + a.columns]) for i in range(0, len(tiles), a.columns)]), [cv2.IMWRITE_JPEG_QUALITY, 72])
