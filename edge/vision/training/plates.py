"""Synthetic number plates: drawn flat (Plates.plate), photographed (shoot) and handed over as a detector with errors of a few pixels
would (rectify). Everything is grey. All that is random comes from the seed."""
import json
import os
import random
import re
from dataclasses import dataclass

import cv2
import numpy as np

from glyphs import ALPHABET, CAP, ROOM, Faces

DIGITS = ALPHABET[:10]
WIDTH, HEIGHT = 128, 32      # the recogniser's crop
MARGIN_X, MARGIN_Y = 4, 2    # where the plate's corners come to lie in it
HERE = os.path.dirname(os.path.abspath(__file__))
FORMATS = os.path.join(HERE, "../plates/formats.json")

# Plates of countries the reader has no formats for: it must read them as they stand and call them unknown.
FOREIGN = [("F", "LL-###-LL"), ("NL", "##-LLL-#"), ("NL", "L-###-LL"), ("NL", "LL-LL-##"), ("B", "#-LLL-###"), ("B", "LLL-###"), ("E", "#### LLL"),
           ("GB", "LL## LLL"), ("P", "##-##-LL"), ("P", "LL-##-LL"), ("S", "LLL ###"), ("S", "LLL ##L"), ("N", "LL #####"), ("DK", "LL ## ###"),
           ("FIN", "LLL-###"), ("LT", "LLL ###"), ("LV", "LL-####"), ("EST", "### LLL"), ("", "####LL-#"), ("MD", "LLL ###"), ("", "L###LL##"),
           ("", "L###LL###"), ("CH", "LL·######"), ("CH", "LL·#####"), ("L", "LL ####"), ("IRL", "##-L-####"), ("IRL", "###-L-####"), ("CY", "LLL ###"),
           ("M", "LLL ###"), ("", "##-LL-###"), ("GE", "LL-###-LL"), ("AM", "## LL ###"), ("AZ", "##-LL-###"), ("IS", "LL L##"), ("", "######"),
           ("", "LLL###"), ("FL", "FL #####"), ("IL", "##-###-##"), ("", "#### LL ##")]
WORDS = "auto haus service gmbh center motors car group dealer tel www de com pl cz sk ro bg hr garage leasing rent transport logistik trans spedition".split()


@dataclass
class Plate:
  image: np.ndarray    # grey: the plate with the rim of its frame
  corners: np.ndarray  # 4x2, the plate's, from the top left, clockwise
  lines: list          # the text of each line as printed, letters and digits only
  split: float         # where the lines part, as a fraction of the height (1 for one line)
  country: str         # code, "" for unknown, None where nobody could tell

  @property
  def text(self):
    return "".join(self.lines)


TOKEN = re.compile(r"'[^']*'|([RL#X])\1*(\{(\d+)(?:,(\d+))?\})?|.")


def spell(rng, pattern, letters, regions):
  """A text for a pattern of formats.json, and how many of its characters stand before the end of the region's code."""
  out, after_region = "", None
  for m in TOKEN.finditer(pattern):
    token, sign = m.group(0), m.group(1)
    if not sign:
      out += token.strip("'")
      continue
    run = len(token) - len(m.group(2) or "")
    low = run - 1 + int(m.group(3)) if m.group(2) else run
    high = run - 1 + int(m.group(4) or m.group(3)) if m.group(2) else run
    n = rng.randint(low, high)
    if sign == "R":
      fitting = [r for r in regions if low <= len(r) <= high]
      out += rng.choice(fitting) if fitting else "".join(rng.choice(letters) for _ in range(n))
      after_region = sum(c.isalnum() for c in out)
    else:
      out += "".join(rng.choice({"#": DIGITS, "L": letters, "X": DIGITS + letters}[sign]) for _ in range(n))
  return out, after_region


def scrambled(rng):
  """Groups of letters or digits of any length: keeps the net from completing plates it knows."""
  groups, total, kind = [], 0, rng.random() < .5
  while total < 4 or (total < 8 and rng.random() < .6):
    n = rng.randint(1, 4)
    signs = ALPHABET[:10] if kind else ALPHABET[10:36]
    if rng.random() < .12:
      signs = ALPHABET if rng.random() < .5 else ALPHABET[:36]
    groups.append("".join(rng.choice(signs) for _ in range(n)))
    total, kind = total + n, not kind if rng.random() < .9 else kind
  text = groups[0]
  for g in groups[1:]:
    text += rng.choice([" ", " ", "-", "·", ""]) + g
  return text[:12].rstrip(" -·")


class Plates:
  def __init__(self, shared, seed, held_out=False, formats=FORMATS):
    self.rng = random.Random(seed)
    self.np = np.random.default_rng(seed)
    self.faces = Faces(shared, held_out)
    self.countries = {c["code"]: c for c in json.load(open(formats, encoding="utf-8"))["countries"]}
    for country in self.countries.values():
      country["weights"] = [{"standard": 1, "old": .6}.get(s["kind"], .35) for s in country["series"]]
    self.variants = {}
    r = self.np
    # Pools drawn once: noise of the sensor, slow fields for dirt and backgrounds, emblems.
    self.noise = r.standard_normal((768, 1024)).astype(np.float32)
    self.fields = []
    for _ in range(24):
      field = np.zeros((192, 512), np.float32)
      for cells in (3, 8, 24):
        field += cv2.resize(r.standard_normal((cells, cells * 2)).astype(np.float32), (512, 192), interpolation=cv2.INTER_CUBIC) * (1.6 / cells ** .7)
      self.fields.append(field)
    self.emblems = [self._emblem() for _ in range(160)]
    self.small = [self._lettering() for _ in range(80)]

  # --- small parts -------------------------------------------------------------------------------------------------------------
  def face(self, family):
    """One of 12 variants of a family, which are renewed bit by bit."""
    pool = self.variants.setdefault(family, [])
    if len(pool) < 12:
      pool.append(self.faces.variant(self.rng, family))
      return pool[-1]
    if self.rng.random() < .004:
      pool[self.rng.randrange(12)] = self.faces.variant(self.rng, family)
    return pool[self.rng.randrange(12)]

  def _emblem(self):
    """A coat of arms or a seal: (value, alpha), 40x40."""
    rng, n = self.rng, 40
    alpha, value = np.zeros((n, n), np.uint8), np.full((n, n), rng.uniform(40, 235), np.float32)
    kind = rng.choice(["shield", "shield", "disc", "discs", "discs", "oval", "eagle", "square"])
    if kind == "shield":
      w = rng.randint(10, 18)
      cv2.fillPoly(alpha, [np.array([[20 - w, 3], [20 + w, 3], [20 + w, 22], [20 + w // 2, 33], [20, 38], [20 - w // 2, 33], [20 - w, 22]])], 255, cv2.LINE_AA)
    elif kind == "disc":
      cv2.circle(alpha, (20, 20), rng.randint(11, 18), 255, -1, cv2.LINE_AA)
    elif kind == "discs":
      d = rng.randint(7, 10)
      for y in (20 - d, 20 + d):
        cv2.circle(alpha, (20, y), d - rng.randint(0, 2), 255, -1, cv2.LINE_AA)
    elif kind == "oval":
      cv2.ellipse(alpha, (20, 20), (rng.randint(9, 14), 18), 0, 0, 360, 255, -1, cv2.LINE_AA)
    elif kind == "square":
      alpha[6:34, 8:32] = 255
    else:
      for _ in range(8):
        cv2.ellipse(alpha, (20 + rng.randint(-9, 9), 20 + rng.randint(-10, 10)), (rng.randint(3, 9), rng.randint(2, 6)), rng.randint(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
    pick = rng.random()
    if pick < .25:  # a chequerboard
      k = rng.choice([4, 5, 6])
      yy, xx = np.mgrid[:n, :n] // k
      value = np.where((yy + xx) % 2, rng.uniform(60, 130), rng.uniform(180, 240)).astype(np.float32)
    elif pick < .85:
      for _ in range(rng.randint(1, 6)):
        cv2.ellipse(value, (rng.randint(5, 35), rng.randint(5, 35)), (rng.randint(2, 12), rng.randint(2, 12)), rng.randint(0, 180), 0, 360, rng.uniform(20, 250), -1)
      if rng.random() < .5:
        cv2.line(value, (rng.randint(0, 40), 0), (rng.randint(0, 40), 40), rng.uniform(20, 250), rng.randint(2, 6))
    if rng.random() < .5:
      ring = cv2.morphologyEx(alpha, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32) / 255
      value = value * (1 - ring) + rng.uniform(10, 120) * ring
    return value, alpha.astype(np.float32) / 255 * rng.uniform(.6, 1)

  def _lettering(self):
    """A dealer's line or other small print as a mask, 16 rows."""
    rng = self.rng
    words = []
    for _ in range(rng.randint(1, 4)):
      word = rng.choice(WORDS) if rng.random() < .6 else "".join(rng.choice("abcdefghiklmnoprstuvz0123456789") for _ in range(rng.randint(2, 9)))
      words.append(word.upper() if rng.random() < .6 else word.capitalize())
    text = "  ".join(words)
    font = rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX])
    (w, h), _ = cv2.getTextSize(text, font, .5, 1)
    mask = np.zeros((h + 6, w + 4), np.uint8)
    cv2.putText(mask, text, (2, h + 2), font, .5, 255, rng.choice([1, 1, 2]), cv2.LINE_AA)
    return cv2.resize(mask, (mask.shape[1] * 16 // mask.shape[0], 16), interpolation=cv2.INTER_AREA)

  @staticmethod
  def _blend(image, x, y, mask, value):
    """value through mask (0..255) at x, y; what hangs over is cut."""
    x, y = int(x), int(y)
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + mask.shape[1], image.shape[1]), min(y + mask.shape[0], image.shape[0])
    if x1 <= x0 or y1 <= y0:
      return
    part = mask[y0 - y:y1 - y, x0 - x:x1 - x]
    part = part.astype(np.float32) * (1 / 255) if part.dtype == np.uint8 else part
    if isinstance(value, np.ndarray):
      value = value[y0 - y:y1 - y, x0 - x:x1 - x]
    roi = image[y0:y1, x0:x1]
    roi += (value - roi) * part

  def _strip(self, face, text, gap, space):
    """One line's mask and the places of its emblems ("@" in the text)."""
    parts, x, marks = [], 0, []
    for c in text:
      if c == " ":
        x += space
      elif c == "@":
        marks.append(x)
        x += int(CAP * .85)
      else:
        g = face[c]
        parts.append((x, g))
        x += g.shape[1] + gap + (self.rng.randint(-1, 1) if gap > 3 else 0)
    strip = np.zeros((ROOM + CAP, max(x, 4)), np.uint8)
    for px, g in parts:
      px = max(px, 0)
      np.maximum(strip[:, px:px + g.shape[1]], g[:, :strip.shape[1] - px], out=strip[:, px:px + g.shape[1]])
    return strip, marks

  # --- one plate, flat ---------------------------------------------------------------------------------------------------------
  def plate(self):
    rng = self.rng
    kind = rng.random()
    label, band, right, family, lines_n, ratio = None, False, False, "din", 1, 4.64
    colours = ("black", "white")
    if kind < .62:
      code = rng.choice(list(self.countries))
      country = self.countries[code]
      s = country["series"][0] if rng.random() < .3 else rng.choices(country["series"], country["weights"])[0]
      regions = country["region_sets"][s["regions"]] if "regions" in s else country.get("regions") or {}
      for _ in range(20):
        printed, after_region = spell(rng, s["pattern"], s.get("letters") or ALPHABET[10:36], list(regions))
        if s.get("length_min", 0) <= sum(c.isalnum() for c in printed) <= s.get("length_max", 99):
          break
      after = after_region if s.get("emblem_after") == "R" else s.get("emblem_after")
      if rng.random() < .12:  # the country's look with any text, as personal plates have it
        printed = scrambled(rng)
      family, ratio = s["font"], s["size_mm"][0] / s["size_mm"][1]
      band, right = s["band"] != "none", s["band"] == "blue-both"
      label, code_text = code, country["sign"]
      lines_n = 2 if "|" in printed else 1
      colours = (s["foreground"], s["background"])
      if ratio > 2.6 and (lines_n == 2 or rng.random() < .1):  # most series exist in a two-line form too
        lines_n, ratio = 2, rng.choice([340 / 200, 320 / 200, 300 / 200, 280 / 200, 210 / 170, 240 / 130])
      if lines_n == 1 and ratio < 2.6:
        ratio = 4.64
    else:
      code_text, pattern = rng.choice(FOREIGN)
      printed, _ = spell(rng, pattern, ALPHABET[10:36], [])
      label, after = "", None
      if kind > .85:
        printed, label = scrambled(rng), None
        code_text = "".join(rng.choice("ABCDEFGHIKLMNPRSTV") for _ in range(rng.randint(1, 3)))
      elif rng.random() < .1:
        after = 2
      band = rng.random() < .6
      right = band and rng.random() < .25
      family = rng.choice(["din", "din", "din", "fe"])
      lines_n = 2 if rng.random() < .22 else 1
      ratio = rng.choice([4.64, 4.64, 4.3, 4.0, 4.9, 5.2, 3.3]) if lines_n == 1 else rng.choice([1.7, 1.6, 1.5, 1.4, 1.25, 1.25, 2.0])
      if rng.random() < .3:
        colours = rng.choice([("black", "yellow"), ("red", "white"), ("white", "black"), ("blue", "white"), ("white", "red"), ("white", "blue"), ("green", "white")])

    # where an emblem stands, a mark goes into the printed text
    if after is not None and rng.random() < .92:
      n, out = 0, ""
      for c in printed:
        if n == after and "@" not in out and (c.isalnum() or c == "|"):
          out = out.rstrip(" -·") + "@"
        out += c
        n += c.isalnum()
      printed = out
    elif rng.random() < .2:  # a seal or a sticker in a gap
      gaps = [i for i, c in enumerate(printed) if c in " -·"]
      if gaps:
        i = rng.choice(gaps)
        printed = printed[:i] + "@" + printed[i + 1:]
    # ways of printing the gap between two groups differ by year and maker
    if rng.random() < .12:
      printed = printed.replace(" ", rng.choice(["-", "·", "", "  "]))

    if "|" in printed:
      printed_lines = [part.strip(" -·") for part in printed.split("|")]
      printed_lines[1] = printed_lines[1].lstrip("@")
    elif lines_n == 2:
      cut = self._cut(printed)
      printed_lines = [printed[:cut].rstrip(" -·"), printed[cut:].lstrip(" -·@")]
    else:
      printed_lines = [printed]
    if lines_n == 2 and rng.random() < .15:  # seals stand at the ends of lines too
      i = rng.randrange(2)
      if "@" not in printed_lines[i]:
        printed_lines[i] = printed_lines[i] + "@" if rng.random() < .6 else "@" + printed_lines[i]
    lines = ["".join(c for c in line if c in ALPHABET) for line in printed_lines]
    image, corners, split = self._draw(printed_lines, family, ratio, band, right, code_text, colours)
    return Plate(image, corners, lines, split, label)

  def _cut(self, printed):
    """Two lines part at the gap nearest to a random place, else anywhere."""
    want = len(printed) * self.rng.uniform(.3, .6)
    gaps = [i + 1 for i, c in enumerate(printed) if c in " -·@" and 0 < i < len(printed) - 1] or [max(1, round(want))]
    return min(gaps, key=lambda i: abs(i - want))

  GREY = {"white": (200, 252), "black": (8, 62), "yellow": (165, 225), "red": (70, 135), "blue": (50, 115), "green": (80, 140), "orange": (130, 190)}

  def _grey(self, colour, darkroom):
    low, high = self.GREY.get(colour, (60, 150))
    if darkroom and colour in ("red", "orange", "yellow"):  # infra-red light: red prints fade, yellow becomes white
      low, high = low + 60, min(high + 60, 252)
    return self.rng.uniform(low, high)

  def _draw(self, printed, family, ratio, band, right, code_text, colours):
    rng = self.rng
    face = self.face(family)
    n = len(printed)
    cap_share = rng.uniform(.6, .76) if n == 1 else rng.uniform(.35, .43)
    h = round(CAP / cap_share)
    w = round(h * ratio * rng.uniform(.95, 1.05))
    infra = rng.random() < .2
    ink, ground = self._grey(colours[0], infra), self._grey(colours[1], infra)
    if abs(ink - ground) < 70:
      ground = min(250, ink + 100) if ground >= ink else max(5, ink - 100)
    # the rim of the frame: none, thin, or a dealer's with lettering
    rim = rng.choice([0, 0, 2, 4, 6, 9])
    foot = rim + (rng.randint(7, 12) if rng.random() < .3 else 0)
    head = rim + (rng.randint(6, 10) if rng.random() < .06 else 0)
    rim_value = rng.choice([rng.uniform(5, 50), rng.uniform(5, 50), rng.uniform(60, 230)])
    image = np.full((h + head + foot, w + 2 * rim), rim_value, np.float32)
    for y0, room in ((h + head, foot), (0, head)):
      if room > rim:
        text = self.small[rng.randrange(len(self.small))]
        size = max(5, room - rng.randint(1, 3))
        text = cv2.resize(text, (max(8, text.shape[1] * size // 16), size), interpolation=cv2.INTER_AREA)[:, :w]
        self._blend(image, rim + (w - text.shape[1]) * rng.random(), y0 + (room - size) / 2, text, 255 - rim_value if abs(rim_value - 128) > 30 else 20)
    plate = image[head:head + h, rim:rim + w]
    plate[:] = ground
    if rng.random() < .6:  # the printed border
      t, inset = rng.choice([1, 1, 2]), rng.randint(0, 2)
      value = float(ink if rng.random() < .7 else rng.uniform(60, 190))
      cv2.rectangle(plate, (inset, inset), (w - 1 - inset, h - 1 - inset), value, t)

    left_end, right_end = 0, w
    if band:
      unit = h if n == 1 else h * .56
      bw = round(unit * rng.uniform(.3, .44))
      tall = h if n == 1 or rng.random() < .6 else round(h * .5)
      self._band(plate, 0, bw, 0, tall, code_text)
      left_end = bw if tall == h else 0  # a short band leaves the second line its whole width
      if right:
        bw2 = round(unit * rng.uniform(.28, .42))
        self._band(plate, w - bw2, bw2, 0, tall, "", plain=rng.random() < .4, dates=rng.random() < .6)
        right_end = w - bw2
    for i, text in enumerate(printed):
      if not text:
        continue
      x0, x1 = left_end, right_end
      if band and n == 2 and i == 0:
        x0 = max(x0, bw)
      if n == 1:
        y = (h - CAP) * rng.uniform(.38, .62)
      else:
        pad = (h - 2 * CAP) / 3
        y = (pad if i == 0 else 2 * pad + CAP) + rng.uniform(-.3, .3) * max(pad, 2)
      self._line(plate, face, text, x0, x1, y, ink, ground)
    # bolts, stickers
    if rng.random() < .4:
      r = rng.randint(2, 4)
      value = rng.choice([ink, rng.uniform(0, 255), ground - 40])
      for x in (rng.uniform(.02, .3), rng.uniform(.7, .98)) if rng.random() < .7 else (rng.random(),):
        y = h * (.5 if n == 1 and rng.random() < .6 else rng.choice([.08, .92, .5]))
        cv2.circle(plate, (int(w * x), int(y)), r, float(np.clip(value, 0, 255)), -1, cv2.LINE_AA)
    corners = np.float32([[rim, head], [rim + w, head], [rim + w, head + h], [rim, head + h]])
    return np.clip(image, 0, 255).astype(np.uint8), corners, 1. if n == 1 else .5

  def _small_text(self, plate, text, cx, y, width, height, value):
    """A few characters, not meant to be read, within width and height around cx."""
    strip = self._strip(self.face("din"), text, 3, 4)[0][ROOM:]
    size = int(min(width / strip.shape[1] * CAP, height))
    if size >= 4:
      small = cv2.resize(strip, (max(3, strip.shape[1] * size // CAP), size), interpolation=cv2.INTER_AREA)
      self._blend(plate, cx - small.shape[1] / 2, y, small, value)

  def _band(self, plate, x, w, y, h, code_text, plain=False, dates=False):
    rng = self.rng
    if rng.random() < .16:  # no ground of its own: arms and sign stand on the plate's
      value = float(plate[y + h // 2, x + w // 2])
      light, arms = rng.uniform(10, 110) if value > 128 else rng.uniform(180, 255), .75
    else:
      value = rng.choice([rng.uniform(45, 120), rng.uniform(45, 120), rng.uniform(120, 215), rng.uniform(20, 60)])
      light, arms = 255 - rng.uniform(0, 40) if value < 160 else rng.uniform(20, 255), .15
      plate[y:y + h, x:x + w] = value
    if plain or h < 24:
      return
    cx = x + w // 2
    if dates:  # a department, a province, a year; or the day, month and year an export plate runs out
      rows = rng.choice([1, 1, 2, 3])
      for k in range(rows):
        text = "".join(rng.choice(DIGITS if rng.random() < .8 else ALPHABET[10:36]) for _ in range(2))
        self._small_text(plate, text, cx, y + h * (.62 if rows == 1 else .08 + k * .9 / rows), w * .85, h * (.3 if rows == 1 else .8 / rows), light)
      if rows > 1:
        return
    pick = rng.random()
    if pick < arms:
      value, alpha = self.emblems[rng.randrange(len(self.emblems))]
      size = int(w * rng.uniform(.6, 1.1))
      value, alpha = (cv2.resize(p, (size, size), interpolation=cv2.INTER_AREA) for p in (value, alpha))
      self._blend(plate, cx - size / 2, y + h * rng.uniform(.08, .3), alpha, value)
    elif pick < .8:  # the ring of stars
      r = w * rng.uniform(.26, .36)
      cy = y + h * rng.uniform(.26, .36)
      star = light if rng.random() < .5 else rng.uniform(150, 230)
      for k in range(12):
        a = k * np.pi / 6
        cv2.circle(plate, (int(cx + r * np.cos(a)), int(cy + r * np.sin(a))), 1, float(star), -1)
    elif pick < .92:  # a flag
      fy, fh = int(y + h * .15), int(h * .25)
      for k in range(3):
        plate[fy + k * fh // 3:fy + (k + 1) * fh // 3, x + w // 5:x + w - w // 5] = rng.uniform(30, 250)
    if code_text and rng.random() < .95:
      self._small_text(plate, code_text, cx, y + h * rng.uniform(.58, .72), w * .8, h * rng.uniform(.2, .3), light)

  def _line(self, plate, face, text, x0, x1, y, ink, ground):
    rng = self.rng
    strip, marks = self._strip(face, text, rng.randint(3, 8), rng.randint(10, 26))
    room = x1 - x0
    margin = room * rng.uniform(.01, .06)
    room -= 2 * margin
    natural = strip.shape[1]
    scale = min(1, room / natural)
    if natural < room and rng.random() < .6:
      scale = min(1 + (room / natural - 1) * rng.random(), 1.25)
    if scale != 1:
      strip = cv2.resize(strip, (max(4, round(natural * scale)), strip.shape[0]), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    x = x0 + margin + (room - strip.shape[1]) * (.5 if rng.random() < .6 else rng.random())
    y -= ROOM
    if rng.random() < .35:  # embossed letters throw a light and a dark edge
      d = rng.choice([-1, 1])
      self._blend(plate, x + 1, y + d, strip, np.clip(ground + rng.uniform(-50, 30), 0, 255))
    self._blend(plate, x, y, strip, ink)
    for mark in marks:
      value, alpha = self.emblems[rng.randrange(len(self.emblems))]
      size = int(CAP * rng.uniform(.6, 1.05))
      room = CAP * .85 * scale
      dy = (CAP - size) / 2 + rng.uniform(-3, 3)
      if rng.random() < .25:  # small letters below it, as Serbia's Cyrillic twin
        size, dy = int(CAP * rng.uniform(.5, .7)), rng.uniform(-3, 2)
        text = "".join(rng.choice(ALPHABET[10:44]) for _ in range(2))
        self._small_text(plate, text, x + mark * scale + room / 2, y + ROOM + dy + size + 1, room, CAP * rng.uniform(.22, .3), ink)
      wide = max(6, int(size * min(scale, 1.1) * rng.uniform(.75, 1)))
      value, alpha = (cv2.resize(p, (wide, size), interpolation=cv2.INTER_AREA) for p in (value, alpha))
      self._blend(plate, x + mark * scale + (room - wide) / 2, y + ROOM + dy, alpha, value)

  # --- negatives ---------------------------------------------------------------------------------------------------------------
  def negative(self):
    """Something of a plate's shape that is none: bars, lamps, a badge, small print, a bare plate."""
    rng = self.rng
    w, h = 260, 56
    field = self.fields[rng.randrange(len(self.fields))]
    oy, ox = rng.randrange(192 - h), rng.randrange(512 - w)
    image = 128 + field[oy:oy + h, ox:ox + w] * rng.uniform(10, 60)
    kind = rng.randrange(6)
    if kind == 0:
      step = rng.randint(5, 20)
      for i in range(0, w + h, step):
        at = (i, 0, i + rng.randint(-8, 8), h) if rng.random() < .5 else (0, i % h, w, i % h)
        cv2.line(image, at[:2], at[2:], rng.uniform(0, 255), rng.randint(1, step // 2 + 1))
    elif kind == 1:
      for _ in range(rng.randint(1, 6)):
        cv2.ellipse(image, (rng.randint(0, w), rng.randint(0, h)), (rng.randint(4, 60), rng.randint(4, 40)), rng.randint(0, 180), 0, 360, rng.uniform(0, 255), rng.choice([-1, 2, 4]))
    elif kind in (2, 3):  # small print in one or two lines
      value = rng.uniform(0, 255)
      for _ in range(rng.randint(1, 3)):
        text = self.small[rng.randrange(len(self.small))]
        size = rng.randint(9, 26)
        text = cv2.resize(text, (text.shape[1] * size // 16, size), interpolation=cv2.INTER_AREA)
        self._blend(image, rng.uniform(-40, 120), rng.uniform(0, h - size), text, value)
    elif kind == 4:  # four rings, an oval badge: not C00D
      r = rng.randint(14, 24)
      for k in range(rng.randint(1, 5)):
        cv2.ellipse(image, (60 + int(k * r * 1.5), h // 2), (r, rng.randint(12, r)), 0, 0, 360, rng.uniform(150, 255), rng.randint(2, 5), cv2.LINE_AA)
    else:
      cv2.rectangle(image, (2, 2), (w - 3, h - 3), rng.uniform(180, 250), -1)
      if rng.random() < .7:
        self._band(image, 2, 20, 2, h - 4, "")
    corners = np.float32([[8, 4], [w - 8, 4], [w - 8, h - 4], [8, h - 4]])
    return Plate(np.clip(image, 0, 255).astype(np.uint8), corners, [""], 1., None)

  # --- the camera --------------------------------------------------------------------------------------------------------------
  def shoot(self, plate):
    """A patch of a frame with the plate in it, and the plate's corners there."""
    rng = self.rng
    two = plate.split < 1
    pw, ph = np.ptp(plate.corners[:, 0]), np.ptp(plate.corners[:, 1])
    width = np.exp(rng.uniform(np.log(60), np.log(230))) * (.62 if two else 1)
    scale = width / pw
    squeeze = 1 if rng.random() < .5 else rng.uniform(.62, 1)  # seen from the side or from above
    tall = 1 if rng.random() < .5 else rng.uniform(.72, 1.08)
    w, h = pw * scale * squeeze, ph * scale * tall
    quad = np.float32([[0, 0], [w, 0], [w, h], [0, h]]) - np.float32([w / 2, h / 2])
    roll = np.radians(rng.gauss(0, 4) if rng.random() < .75 else rng.uniform(-24, 24))
    shear = rng.gauss(0, .06)
    turn = np.float32([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]) @ np.float32([[1, shear], [shear * .3, 1]])
    quad = quad @ turn.T
    if squeeze < 1 or tall < 1:
      trapeze = rng.uniform(-.09, .09)
      quad[[0, 1]] *= 1 + trapeze
      quad[[1, 2]] *= 1 + rng.uniform(-.09, .09)
    border = np.float32([h * .3 + 3, h * .3 + 3])
    quad = (quad - quad.min(axis=0) + border).astype(np.float32)
    size = np.ceil(quad.max(axis=0) + border).astype(int)
    size = (min(int(size[0]), 500), min(int(size[1]), 380))
    # what is too fine for the sensor is averaged first
    image, corners = plate.image, plate.corners
    shrink = max(scale * max(squeeze, .75), scale * tall) * 1.25
    if shrink < .9:
      image = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
      corners = corners * np.float32([image.shape[1] / plate.image.shape[1], image.shape[0] / plate.image.shape[0]])
    field = self.fields[rng.randrange(len(self.fields))]
    back = cv2.resize(field[:size[1], :size[0]], size) if size[1] > 192 else field[:size[1], :size[0]]
    back = np.clip(rng.uniform(10, 220) + back * rng.uniform(2, 40), 0, 255).astype(np.uint8)
    if back.shape != (size[1], size[0]):
      back = cv2.resize(back, size)
    if rng.random() < .5:  # edges of the bumper or the boot lid near the plate
      for _ in range(rng.randint(1, 3)):
        y = rng.randint(0, size[1])
        cv2.line(back, (0, y), (size[0], y + rng.randint(-6, 6)), rng.uniform(0, 255), rng.randint(1, 5))
    warp = cv2.getPerspectiveTransform(corners, quad)
    out = cv2.warpPerspective(image, warp, size, back, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    inner = cv2.boundingRect(quad)
    inner = (inner[0] + inner[2] // 5, inner[1] + inner[3] // 4, inner[2] * 3 // 5, inner[3] // 2)
    return self._expose(out.astype(np.float32), w, inner), quad

  def _expose(self, image, width, inner):
    rng = self.rng
    h, w = image.shape
    if rng.random() < .35:  # dirt and uneven light
      field = self.fields[rng.randrange(len(self.fields))]
      field = cv2.resize(field[:rng.randint(40, 192), :rng.randint(100, 512)], (w, h))
      image *= np.clip(1 + field * rng.uniform(.03, .22), .3, 1.6)
    if rng.random() < .12:  # mud or snow hides parts a little
      field = cv2.resize(self.fields[rng.randrange(len(self.fields))], (w, h))
      veil = np.clip((field - rng.uniform(.8, 2)) * 2, 0, rng.uniform(.2, .55))
      image += (rng.uniform(60, 220) - image) * veil
    if rng.random() < .2:  # a shadow's edge, mostly slanting
      a, b = rng.uniform(-1.5, 1.5), rng.uniform(.1, .9)
      ramp = np.clip(((np.arange(w, dtype=np.float32)[None] / w - b) + a * (np.arange(h, dtype=np.float32)[:, None] / h - .5)) * rng.uniform(4, 40), 0, 1)
      image *= 1 - ramp * rng.uniform(.25, .65)
    if rng.random() < .18:  # lamps over the plate, a headlight's reflection
      for _ in range(rng.randint(1, 2)):
        x, y, s = rng.uniform(0, w), h * rng.choice([.1, .25, .5, rng.random()]), h * rng.uniform(.15, .6)
        xx, yy = (np.arange(w, dtype=np.float32) - x) / s, (np.arange(h, dtype=np.float32) - y) / s
        image *= 1 + np.exp(-xx * xx / 2)[None] * np.exp(-yy * yy / 2)[:, None] * rng.uniform(.2, .8)
    # focus and motion, in units of the stroke: a plate's stroke is about a fiftieth of its width
    if rng.random() < .7:
      sigma = width * (rng.random() ** 1.5 * .016) + rng.random() * .4
      if sigma > .25:
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    if rng.random() < .3:
      n = int(width * rng.uniform(.006, .032)) | 1
      if n >= 3:
        kernel = np.zeros((n, n), np.float32)
        a = rng.gauss(0, .25) if rng.random() < .8 else rng.uniform(0, 3.2)
        dx, dy = np.cos(a) * (n - 1) / 2, np.sin(a) * (n - 1) / 2
        c = (n - 1) / 2
        cv2.line(kernel, (round(c - dx), round(c - dy)), (round(c + dx), round(c + dy)), 1)
        image = cv2.filter2D(image, -1, kernel / kernel.sum())
    if rng.random() < .12:  # bloom
      image += cv2.GaussianBlur(np.clip(image - 170, 0, None), (0, 0), h * rng.uniform(.05, .2)) * rng.uniform(.3, 1.2)
    # exposure: contrast, level, overdriven whites
    pick = rng.random()
    if pick < .55:
      gain, level = rng.uniform(.5, 1.1), rng.uniform(-20, 40)
    elif pick < .8:
      gain, level = rng.uniform(.12, .5), rng.uniform(0, 130)
    else:
      gain, level = rng.uniform(1.1, 2.4), rng.uniform(-60, 60)
    if rng.random() < .3:
      image = np.power(np.clip(image, 0, None) * (1 / 255), rng.uniform(.55, 1.8)) * 255
    # never so far that nothing is left to read: that would teach guessing
    x, y, bw, bh = inner
    dark, light = np.percentile(image[y:y + bh, x:x + bw:2], (14, 85))
    least = rng.uniform(22, 60)
    gain = max(gain, least / max(light - dark, 8))
    level = min(max(level, least - light * gain), 255 - least - dark * gain)
    contrast = min(light * gain + level, 255) - max(dark * gain + level, 0)
    image = image * gain + level
    image = np.clip(image, 0, 255)
    if rng.random() < .8:
      sigma = rng.random() ** 2 * min(18, .28 * contrast)
      y, x = rng.randrange(768 - h), rng.randrange(1024 - w)
      image += self.noise[y:y + h, x:x + w] * sigma
      if rng.random() < .3:
        image = cv2.GaussianBlur(image, (3, 3), .6)
    if rng.random() < .2:  # cameras sharpen
      image += (image - cv2.GaussianBlur(image, (0, 0), 1.2)) * rng.uniform(.4, 1.6)
    image = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < .6:
      quality = rng.randint(18, 95)
      image = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)
    return image

  # --- the detector's hand-over ------------------------------------------------------------------------------------------------
  def wrong_corners(self, quad):
    """The corners as a detector with errors of a pixel or two gives them; sometimes a plain box."""
    rng = self.rng
    h = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    w = float(np.linalg.norm(quad[1] - quad[0]))
    top = quad[1] - quad[0]
    tilt = abs(np.degrees(np.arctan2(top[1], top[0])))
    if tilt < 6 and rng.random() < .2:
      (x0, y0), (x1, y1) = quad.min(axis=0), quad.max(axis=0)
      quad = np.float32([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    sigma = abs(rng.gauss(0, .05)) * h + abs(rng.gauss(0, .3))
    quad = quad + self.np.normal(0, 1, (4, 2)).astype(np.float32) * np.float32([sigma * 1.2, sigma])
    # the crop as a whole too loose or too tight, and shifted; width by its own measure, since errors along it cost letters
    loose_y = rng.uniform(-.05, .12) if rng.random() < .8 else rng.uniform(.1, .3)
    loose_x = rng.uniform(-.008, .03) if rng.random() < .8 else rng.uniform(.02, .1)
    centre = quad.mean(axis=0)
    ex, ey = (quad[1] - quad[0] + quad[2] - quad[3]) / 2, (quad[3] - quad[0] + quad[2] - quad[1]) / 2
    signs = np.float32([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    quad = quad + signs[:, :1] * ex * loose_x / 2 * 2 + signs[:, 1:] * ey * loose_y / 2
    return quad.astype(np.float32) + (ex * rng.gauss(0, .006) + ey * rng.gauss(0, .03)).astype(np.float32)

  def samples(self):
    """Crops of one plate: [(32x128 grey, text, country)]; a two-line plate gives two. Where next to nothing is left to see, none."""
    plate = self.negative() if self.rng.random() < .05 else self.plate()
    patch, quad = self.shoot(plate)
    quad = self.wrong_corners(quad)
    parts = [quad] if plate.split == 1 else halves(quad, plate.split)
    out = [(rectify(patch, part), text, plate.country) for part, text in zip(parts, plate.lines)]
    return [o for o in out if not o[1] or np.ptp(np.percentile(cv2.blur(o[0], (3, 3))[8:24, 16:112], (10, 90))) > 13]


def halves(quad, split=.5):
  """The two lines of a two-line plate: the caller of the recogniser does the same."""
  left, right = quad[0] + (quad[3] - quad[0]) * split, quad[1] + (quad[2] - quad[1]) * split
  return np.float32([quad[0], quad[1], right, left]), np.float32([left, right, quad[2], quad[3]])


TARGET = np.float32([[MARGIN_X, MARGIN_Y], [WIDTH - MARGIN_X, MARGIN_Y], [WIDTH - MARGIN_X, HEIGHT - MARGIN_Y], [MARGIN_X, HEIGHT - MARGIN_Y]])


def rectify(image, quad):
  """The recogniser's crop of one text line."""
  return cv2.warpPerspective(image, cv2.getPerspectiveTransform(np.float32(quad), TARGET), (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
