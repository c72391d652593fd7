"""Faces for plates: every character as a grey mask, cap height CAP, made from the free fonts and from strokes of our own.

A face is never used as it is: each variant has its own width, weight, slant and corner radius, so that the net learns letters rather
than one font. Special letters are drawn from their base letter and an accent, because the free fonts lack most of them.
"""
import os
import random

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZČĆŠŽĐÄÖÜ"
CAP = 40   # height of a capital, px
ROOM = 12  # rows above the capitals for accents
SS = 2     # glyphs are drawn this much larger, then reduced

ACCENTS = {"Č": ("C", "caron"), "Š": ("S", "caron"), "Ž": ("Z", "caron"), "Ć": ("C", "acute"), "Đ": ("D", "bar"),
           "Ä": ("A", "dots"), "Ö": ("O", "dots"), "Ü": ("U", "dots")}

# Strokes in a box of 1x1, y down; a star rounds the corner; a stroke that ends in "z" is closed. Several drawings of one character
# are alternatives, since countries differ.
STROKES = {
  "A": ["0,1 .5,0 1,1|.17,.68 .83,.68", "0,1 .42,0 .58,0 1,1|.15,.7 .85,.7"],
  "B": ["0,.47 .94,.47* .94,0* 0,0 0,1 1,1* 1,.47* 0,.47"],
  "C": ["1,.28 1,0* 0,0* 0,1* 1,1* 1,.72", "1,.2 1,0* 0,0* 0,1* 1,1* 1,.8"],
  "D": ["0,0 1,0* 1,1* 0,1 z"],
  "E": ["1,0 0,0 0,1 1,1|0,.48 .85,.48", "1,0 0,0 0,1 1,1|0,.5 1,.5"],
  "F": ["1,0 0,0 0,1|0,.5 .85,.5", "1,0 0,0 0,1|0,.46 .9,.46"],
  "G": ["1,.26 1,0* 0,0* 0,1* 1,1* 1,.55 .55,.55", "1,.2 1,0* 0,0* 0,1* 1,1* 1,.5 .6,.5|1,.6 1,1"],
  "H": ["0,0 0,1|1,0 1,1|0,.5 1,.5"],
  "I": [".5,0 .5,1", ".5,0 .5,1", ".5,0 .5,1|.1,0 .9,0|.1,1 .9,1"],
  "J": ["1,0 1,1* 0,1* 0,.75", ".35,0 1,0 1,1* 0,1* 0,.75", "1,0 1,1* .2,1"],
  "K": ["0,0 0,1|1,0 0,.6|.32,.42 1,1", "0,0 0,1|1,0 .05,.5 1,1"],
  "L": ["0,0 0,1 1,1"],
  "M": ["0,1 0,0 .5,.6 1,0 1,1", "0,1 0,0 .5,.98 1,0 1,1", "0,1 .06,0 .5,.75 .94,0 1,1"],
  "N": ["0,1 0,0 1,1 1,0"],
  "O": ["0,0* 1,0* 1,1* 0,1* z"],
  "P": ["0,1 0,0 1,0* 1,.54* 0,.54"],
  "Q": ["0,0* 1,0* 1,1* 0,1* z|.6,.74 1.02,1.04", "0,0* 1,0* 1,1* 0,1* z|.5,.85 .9,1.12"],
  "R": ["0,1 0,0 1,0* 1,.53* 0,.53|.45,.53 1,1", "0,1 0,0 1,0* 1,.5* 0,.5|.5,.5 1,.6* 1,1"],
  "S": ["1,.24 1,0* 0,0* 0,.48* 1,.48* 1,1* 0,1* 0,.76", "1,.2 1,0* 0,0* 0,.42* 1,.58* 1,1* 0,1* 0,.8"],
  "T": ["0,0 1,0|.5,0 .5,1"],
  "U": ["0,0 0,1* 1,1* 1,0"],
  "V": ["0,0 .5,1 1,0", "0,0 .42,1 .58,1 1,0"],
  "W": ["0,0 .25,1 .5,.25 .75,1 1,0", "0,0 .22,1 .5,0 .78,1 1,0"],
  "X": ["0,0 1,1|1,0 0,1"],
  "Y": ["0,0 .5,.52 1,0|.5,.52 .5,1", "0,0 0,.5* 1,.5* 1,0|.5,.5 .5,1"],
  "Z": ["0,0 1,0 0,1 1,1"],
  "0": ["0,0* 1,0* 1,1* 0,1* z"],
  "1": ["0,.3 .62,0 .62,1", "0,.22 .6,0 .6,1", "0,.28 .5,0 .5,1|0,1 1,1", ".2,.2 .6,0 .6,1"],
  "2": ["0,.27 0,0* 1,0* 1,.42* 0,1 1,1", "0,.25 0,0* 1,0* 1,.55* 0,.6* 0,1 1,1"],
  "3": ["0,.22 0,0* .95,0* .95,.47* .4,.47|.4,.47 1,.47* 1,1* 0,1* 0,.78", "0,0 1,0 .45,.42 1,.42* 1,1* 0,1* 0,.78"],
  "4": [".6,0 0,.74 1,.74|.72,.45 .72,1", ".75,1 .75,0 0,.72 1,.72"],
  "5": ["1,0 .1,0 .02,.47 1,.38* 1,1* 0,1* 0,.8", "1,0 0,0 0,.42 1,.42* 1,1* 0,1* 0,.78"],
  "6": [".68,0 .04,.6|0,.42* 1,.42* 1,1* 0,1* z", "1,.22 1,0* 0,0* 0,1* 1,1* 1,.45* 0,.45* 0,.7"],
  "7": ["0,0 1,0 .35,1", "0,.17 0,0 1,0 .3,1", "0,0 1,0 .45,.5 .4,1"],
  "8": [".05,0* .95,0* .95,.47* .05,.47* z|0,.47* 1,.47* 1,1* 0,1* z"],
}
NARROW = {"I": .55, "1": .62, "J": .85, "L": .92, "E": .92, "F": .92}
WIDE = {"M": 1.22, "W": 1.35, "V": 1.1, "A": 1.12, "Q": 1.02, "G": 1.03, "O": 1.05, "Y": 1.08, "X": 1.06}


def _rounded(points, closed, radius):
  """The polyline with its starred corners replaced by curves."""
  out, n = [], len(points)
  for i, (p, star) in enumerate(points):
    if not star or (not closed and i in (0, n - 1)):
      out.append(p)
      continue
    a, b = points[i - 1][0] - p, points[(i + 1) % n][0] - p
    la, lb = np.hypot(*a), np.hypot(*b)
    # two rounded neighbours share the segment between them
    ra = min(radius, la * (.5 if points[i - 1][1] else 1))
    rb = min(radius, lb * (.5 if points[(i + 1) % n][1] else 1))
    p0, p3 = p + a * ra / la, p + b * rb / lb
    p1, p2 = p0 + (p - p0) * .55, p3 + (p - p3) * .55
    for t in np.linspace(0, 1, 7):
      out.append(p0 * (1 - t) ** 3 + 3 * p1 * t * (1 - t) ** 2 + 3 * p2 * t * t * (1 - t) + p3 * t ** 3)
  return np.array(out)


def _stroke_glyph(drawing, width, thick, radius, turn=False):
  s = SS * 2  # strokes need a finer grid than fonts: thickness is a whole number
  w, h, t = width * s, CAP * s, max(2, round(thick * s))
  image = np.zeros((h + 12 * s, int(w + 16 * s)), np.uint8)
  for stroke in drawing.split("|"):
    words = stroke.split()
    closed = words[-1] == "z"
    points = []
    for word in words[:len(words) - closed]:
      x, y = (float(v) for v in word.rstrip("*").split(","))
      if turn:
        x, y = 1 - x, 1 - y
      points.append((np.array([6 * s + t / 2 + x * (w - t), t / 2 + y * (h - t)]), word.endswith("*")))
    line = _rounded(points, closed, radius * s)
    cv2.polylines(image, [np.round(line * 16).astype(np.int32)], closed, 255, t, cv2.LINE_AA, 4)
  image = cv2.resize(image[:h], (image.shape[1] * SS // s, h * SS // s), interpolation=cv2.INTER_AREA)
  return image


def _ink(mask):
  """Cut to the columns that carry ink."""
  columns = np.flatnonzero(mask.max(axis=0) > 40)
  return mask[:, columns[0]:columns[-1] + 1] if len(columns) else mask


class Faces:
  """All faces of a folder set, as variants on demand."""
  FE = "GlNummernschildEng-XgWd.ttf"
  # The held-out faces are never drawn for training; the test split has nothing else.
  HELD_OUT = ["RG2014D.ttf", "DejaVuSansCondensed-Bold.ttf"]

  def __init__(self, shared, held_out=False):
    self.held_out = held_out
    self.paths = {}
    for folder in (os.path.join(shared, "plates/fonts"), "/usr/share/fonts/truetype/opendin", "/usr/share/fonts/truetype/roadgeek",
                   "/usr/share/fonts/truetype/dejavu"):
      for name in sorted(os.listdir(folder)):
        self.paths[name] = os.path.join(folder, name)
    self.raw = {}

  def _font(self, name):
    if name not in self.raw:
      path, glyphs = self.paths[name], {}
      if os.path.isdir(path):
        for file in sorted(os.listdir(path)):
          image = 255 - np.array(Image.open(os.path.join(path, file)).convert("L"))
          glyphs[file[0]] = _ink(cv2.resize(image, (image.shape[1] * CAP * SS // image.shape[0], CAP * SS), interpolation=cv2.INTER_AREA))
      else:
        probe = ImageFont.truetype(path, 1000).getbbox("H")
        size = round(1000 * CAP * SS / (probe[3] - probe[1]))
        font = ImageFont.truetype(path, size)
        top = font.getbbox("H")[1]
        for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
          image = Image.new("L", (size * 2, CAP * SS * 3 // 2), 0)
          ImageDraw.Draw(image).text((size // 2, -top), c, font=font, fill=255)
          image = _ink(np.array(image))
          rows = np.flatnonzero(image.max(axis=1) > 40)
          bottom = max(CAP * SS, rows[-1] + 1)  # a J or Q that hangs below the line is pressed into it, not cut
          if bottom < CAP * SS + 4:
            bottom = CAP * SS
          glyphs[c] = cv2.resize(image[:bottom], (image.shape[1], CAP * SS), interpolation=cv2.INTER_AREA)
      self.raw[name] = glyphs
    return self.raw[name]

  def variant(self, rng, family):
    """character -> mask of ROOM + CAP rows; family "fe", "pl", or anything else: the DIN-like faces."""
    if self.held_out:
      name = rng.choice(self.HELD_OUT) if family != "fe" else rng.choice(self.HELD_OUT + [self.FE])
    else:
      mix = {"fe": [(self.FE, 85), ("strokes", 15)], "pl": [("polish-glyphs", 75), ("RG2014C.ttf", 10), ("strokes", 15)]}.get(family, [("OSP-DIN.ttf", 14), ("RG2014B.ttf", 10), ("RG2014C.ttf", 14), ("RG2014E.ttf", 6),
             ("RG2014EM.ttf", 3), ("RG2014EEM.ttf", 2), ("RG2014F.ttf", 2), ("polish-glyphs", 16), ("strokes", 33)])
      name = rng.choices([m[0] for m in mix], [m[1] for m in mix])[0]
    glyphs = self._strokes(rng) if name == "strokes" else dict(self._font(name))
    if name == self.FE and rng.random() < .85:  # this font's zero has a slit that most plates lack
      zero = glyphs["0"].copy()
      kernel = np.ones((9, 9), np.uint8)
      glyphs["0"] = np.minimum(cv2.morphologyEx(cv2.copyMakeBorder(zero, 12, 12, 12, 12, 0), cv2.MORPH_CLOSE, kernel)[12:-12, 12:-12], 255)
    if "O" not in glyphs:
      glyphs["O"] = glyphs["0"]
    if "Q" not in glyphs:
      glyphs["Q"] = glyphs["O"].copy()
      h, w = glyphs["Q"].shape
      cv2.line(glyphs["Q"], (w * 6 // 10, h * 3 // 4), (w - 3, h - 3), 255, h // 7, cv2.LINE_AA)
    same = rng.random() < .3  # many countries print one sign for O and zero
    if same:
      glyphs["O"] = glyphs["0"]

    stretch = {"fe": rng.uniform(.92, 1.18), "strokes": 1}.get("strokes" if name == "strokes" else family, rng.uniform(.8, 1.25))
    if name in ("RG2014E.ttf", "RG2014EM.ttf", "RG2014EEM.ttf", "RG2014F.ttf"):
      stretch *= .8  # wide faces of road signs
    weight = rng.choice([-2, -1, 0, 0, 0, 1, 2]) if family != "fe" else rng.choice([-2, -1, 0, 0, 1])
    slant = rng.gauss(0, .02)
    small = rng.uniform(.78, .9) if rng.random() < .6 else 1  # accents inside the capitals' height, or above it
    thick = rng.randint(8, 12)
    out = {}
    for c in ALPHABET:
      base, accent = ACCENTS.get(c, (c, None))
      mask = glyphs[base]
      h, w = CAP, max(4, round(mask.shape[1] / SS * stretch))
      mask = cv2.copyMakeBorder(mask, 0, 0, 4, 4, cv2.BORDER_CONSTANT)
      if weight:
        kernel = np.ones((abs(weight) * 2 - 1 if abs(weight) == 1 else 3,) * 2, np.uint8)
        mask = (cv2.dilate if weight > 0 else cv2.erode)(mask, np.ones((2, 2), np.uint8) if abs(weight) == 1 else kernel)
      w = max(4, round(mask.shape[1] / SS * stretch))
      if accent in ("caron", "acute", "dots") and small < 1:
        h = round(CAP * small)
      mask = cv2.resize(mask, (w, h), interpolation=cv2.INTER_AREA)
      cell = np.zeros((ROOM + CAP, w), np.uint8)
      cell[ROOM + CAP - h:] = mask
      self._accent(cell, accent, ROOM + CAP - h, thick)
      if abs(slant) > .01:
        cell = cv2.warpAffine(cell, np.float32([[1, slant, -slant * (ROOM + CAP / 2)], [0, 1, 0]]), (w, ROOM + CAP))
      out[c] = _ink(cell)
    dash = np.zeros((ROOM + CAP, rng.randint(8, 20)), np.uint8)
    y = ROOM + CAP // 2 + rng.randint(-3, 3)
    dash[y - rng.randint(2, 3):y + rng.randint(2, 4)] = 255
    out["-"] = dash
    dot = np.zeros((ROOM + CAP, 9), np.uint8)
    cv2.circle(dot, (4, y if rng.random() < .7 else ROOM + CAP - 4), rng.randint(2, 4), 255, -1, cv2.LINE_AA)
    out["·"] = out["."] = dot
    return out

  @staticmethod
  def _strokes(rng):
    width = CAP * rng.uniform(.42, .64)
    thick = CAP * rng.uniform(.1, .19)
    radius = rng.uniform(.28, .6) * width
    which = {}
    glyphs = {}
    for c, drawings in STROKES.items():
      which[c] = rng.choice(drawings)
      w = width * NARROW.get(c, 1) * (1 + (WIDE.get(c, 1) - 1) * rng.uniform(.5, 1.2))
      if c in "1I" and "|" not in which[c]:
        w = thick if c == "I" else w
      glyphs[c] = _ink(_stroke_glyph(which[c], max(w, thick + 1), thick, radius))
    glyphs["9"] = _ink(_stroke_glyph(which["6"], width, thick, radius, turn=True))
    return glyphs

  @staticmethod
  def _accent(cell, accent, top, thick):
    w, t = cell.shape[1], max(2, thick // 3)
    x, y = w // 2, top - 3
    if accent == "caron":
      cv2.polylines(cell, [np.array([[x - w // 4, y - 6], [x, y], [x + w // 4, y - 6]])], False, 255, t, cv2.LINE_AA)
    elif accent == "acute":
      cv2.line(cell, (x - w // 8, y), (x + w // 5, y - 7), 255, t, cv2.LINE_AA)
    elif accent == "dots":
      for side in (-1, 1):
        cv2.circle(cell, (x + side * w // 4, y - 3), t, 255, -1, cv2.LINE_AA)
    elif accent == "bar":
      cv2.line(cell, (0, ROOM + CAP // 2), (w // 2, ROOM + CAP // 2), 255, t + 1, cv2.LINE_AA)
