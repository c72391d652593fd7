"""Frames with none to four plates, as a camera at a lane would see them, with each plate's four corners.

Everything is grey, since the detector is. A scene is built back to front: a background (painted, or a frame of the
Romanian dash-cam set), vehicles (painted cars and lorries, front and rear), plates in their slots or free, lettering that
is no plate, and last the camera: light, bloom, rain, blur, noise, JPEG.

Labels are rows of twelve numbers: x and y of the four corners in reading order (top-left, top-right, bottom-right,
bottom-left), whether the plate has two lines, and its kind: QUAD (corners are exact), BOX (a person drew the box of a real
plate; its corners aren't known) or IGNORE (neither plate nor background: too small, cut by the edge).
"""
import glob
import math
import os
import re
import string
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import plates

WIDTH, HEIGHT = 640, 384
MOST_LABELS = 16
LABEL = 10
QUAD, BOX, IGNORE = 0, 1, 2
SMALLEST = 17  # px across; a plate of 60 px in a frame of 1920 is 20 px wide here

FONTS = ["/usr/share/fonts/truetype/opendin/*.ttf", "/usr/share/fonts/truetype/roadgeek/*.ttf", "/usr/share/fonts/truetype/dejavu/*.ttf"]


# ---- plates ----

class Pool:
  """A pool of plate pictures, renewed a little with every draw: drawing one is dearer than warping it."""

  def __init__(self, rng, shared, held_out, size=600):
    self.rng = rng
    self.source = plates.Plates(shared, int(rng.integers(1 << 30)), held_out)
    self.pool = [self.source.plate() for _ in range(size)]

  def draw(self):
    """A picture with the rim of its frame, the plate's corners in it, whether it has two lines."""
    if self.rng.random() < .15:
      self.pool[self.rng.integers(len(self.pool))] = self.source.plate()
    plate = self.pool[self.rng.integers(len(self.pool))]
    return plate.image, plate.corners, len(plate.lines) == 2


def font_files(shared):
  return sorted(f for pattern in FONTS for f in glob.glob(pattern)) + sorted(glob.glob(os.path.join(shared, "plates/fonts/*.ttf")))


_fonts = {}


def font(path, size):
  if (path, size) not in _fonts:
    _fonts[path, size] = ImageFont.truetype(path, size)
  return _fonts[path, size]


# ---- geometry ----

def camera(rng, tilt=None):
  """A turn in space: roll within +-30 degrees (mostly small), yaw and pitch as from the lane's side or from above."""
  if tilt is None:
    tilt = rng.normal(0, 3.5) if rng.random() < .7 else rng.uniform(-32, 32)
  yaw = rng.normal(0, 14) if rng.random() < .7 else rng.uniform(-52, 52)
  pitch = rng.normal(4, 7) if rng.random() < .8 else rng.uniform(-28, 28)
  a, b, c = np.radians([tilt, yaw, pitch])
  roll = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
  turn = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
  nod = np.array([[1, 0, 0], [0, math.cos(c), -math.sin(c)], [0, math.sin(c), math.cos(c)]])
  return roll @ nod @ turn


def homography(turn, centre, distance, to):
  """Maps a plane's own pixels (about `centre`) into the frame (about `to`), seen from `distance` pixels away."""
  flat = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1]])
  # x' = d * X / (d + Z): rows of the turn's first two columns, since the plane has no depth of its own
  see = np.array([[distance * turn[0, 0], distance * turn[0, 1], 0], [distance * turn[1, 0], distance * turn[1, 1], 0],
                  [turn[2, 0], turn[2, 1], distance]])
  move = np.array([[1, 0, to[0]], [0, 1, to[1]], [0, 0, 1]])
  return move @ see @ flat


def project(matrix, points):
  points = np.asarray(points, float)
  mapped = np.c_[points, np.ones(len(points))] @ matrix.T
  return mapped[:, :2] / mapped[:, 2:]


def rectangle(x0, y0, x1, y1):
  return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)


def paste(frame, picture, quad, gain=1.0, lift=0.0, soften=0.0):
  """Puts a picture into the frame so that its corners lie on `quad`, shrinking it first so that nothing aliases."""
  height, width = picture.shape
  reach = max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3]))
  rise = max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[2] - quad[1]))
  if reach < width or rise < height:
    picture = cv2.resize(picture, (max(4, min(width, int(reach) + 1)), max(4, min(height, int(rise) + 1))), interpolation=cv2.INTER_AREA)
    height, width = picture.shape
  low = np.maximum(np.floor(quad.min(0)).astype(int) - 2, 0)
  high = np.minimum(np.ceil(quad.max(0)).astype(int) + 3, [frame.shape[1], frame.shape[0]])
  if (high - low).min() < 2:
    return
  matrix = cv2.getPerspectiveTransform((rectangle(0, 0, width, height) - 0.5).astype(np.float32), (quad - low).astype(np.float32))
  size = tuple(int(v) for v in high - low)
  value = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
  mask = cv2.warpPerspective(np.full(picture.shape, 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR).astype(np.float32) / 255
  if soften > 0.3:
    value, mask = cv2.GaussianBlur(value, (0, 0), soften), cv2.GaussianBlur(mask, (0, 0), soften * .6)
  part = frame[low[1]:high[1], low[0]:high[0]]
  part[:] = np.clip(part * (1 - mask) + (value * gain + lift) * mask, 0, 255).astype(np.uint8)


# ---- lettering that is no plate ----

WORDS = "TRANS CARGO LOGISTIC DIESEL TURBO SERVIS AUTO SPORT EXPRESS POLICE TAXI MARKET SHOP BANK APOTEKA PEKARA HOTEL STOP EXIT CUSTOMS DOUANE CARINA RENT PIZZA FARM www.example tel. 24h Max OPEN salon Line Classic GmbH d.o.o. spedition Import".split()


def lettering(rng, fonts, size=40):
  """Text as on shops, lorries, signs and boot lids: words, mixed case, several lines, phone numbers; never a plate's look."""
  kind = rng.random()
  def word():
    if rng.random() < .6:
      return str(rng.choice(WORDS))
    letters = "".join(rng.choice(list(string.ascii_lowercase), rng.integers(2, 11)))
    return letters if rng.random() < .4 else letters.capitalize() if rng.random() < .5 else letters.upper()
  if kind < .45:
    lines = [word()]
  elif kind < .6:
    lines = [" ".join(word() for _ in range(rng.integers(2, 4)))]
  elif kind < .7:
    lines = ["0" + "".join(rng.choice(list(string.digits), 2)) + "/" + "".join(rng.choice(list(string.digits), 3)) + "-" + "".join(rng.choice(list(string.digits), 3 + rng.integers(2)))]
  elif kind < .78:  # a container's or a wagon's number stands on the wall without a frame of its own
    lines = ["".join(rng.choice(list(string.ascii_uppercase), 4)) + " " + "".join(rng.choice(list(string.digits), 6)) + " " + str(rng.integers(10)), "%dG1" % (22 + 20 * rng.integers(2))]
  else:
    lines = [" ".join(word() for _ in range(rng.integers(1, 5))) for _ in range(rng.integers(2, 7))]
  face = font(fonts[int(rng.integers(len(fonts)))], size)
  boxes = [face.getbbox(line) for line in lines]
  width, height = max(b[2] for b in boxes) + size, int(len(lines) * size * 1.25 + size * .5)
  mask = Image.new("L", (width, height), 0)
  pen = ImageDraw.Draw(mask)
  for index, line in enumerate(lines):
    pen.text((size // 2, int(size * (.2 + 1.25 * index))), line, font=face, fill=255)
  return np.asarray(mask)


def write(frame, rng, fonts, quad_of=None):
  """Letters straight onto whatever is there, or on a panel."""
  mask = lettering(rng, fonts)
  height, width = mask.shape
  reach = math.exp(rng.uniform(math.log(25), math.log(380)))
  turn = camera(rng)
  size = reach / width
  quad = project(homography(turn, (0, 0), 3 * reach, (rng.uniform(0, frame.shape[1]), rng.uniform(0, frame.shape[0]))),
                 rectangle(-reach / 2, -height * size / 2, reach / 2, height * size / 2))
  paper, ink = rng.integers(0, 256), rng.integers(0, 256)
  if abs(int(paper) - int(ink)) < 50:
    ink = 255 - int(paper)
  if rng.random() < .4:
    panel = np.clip(paper + (int(ink) - int(paper)) * (mask / 255.0), 0, 255).astype(np.uint8)
    if rng.random() < .4 and height > 100:  # one word alone within a border would be a plate to anyone
      cv2.rectangle(panel, (3, 3), (width - 4, height - 4), int(ink), 2)
    paste(frame, panel, quad)
  else:
    low = np.maximum(np.floor(quad.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(quad.max(0)).astype(int), [frame.shape[1], frame.shape[0]])
    if (high - low).min() < 2:
      return
    small = cv2.resize(mask, (max(4, int(reach)), max(4, int(height * size))), interpolation=cv2.INTER_AREA)
    matrix = cv2.getPerspectiveTransform(rectangle(0, 0, small.shape[1], small.shape[0]).astype(np.float32), (quad - low).astype(np.float32))
    alpha = cv2.warpPerspective(small, matrix, tuple(int(v) for v in high - low)).astype(np.float32) / 255
    part = frame[low[1]:high[1], low[0]:high[0]]
    part[:] = (part * (1 - alpha) + float(ink) * alpha).astype(np.uint8)


# ---- backgrounds ----

def noise(rng, height, width, coarse):
  """Smooth noise of mean 0: a small random picture, blown up."""
  small = rng.normal(0, 1, (max(2, height // coarse), max(2, width // coarse))).astype(np.float32)
  return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def painted(rng, fonts):
  """A street, a yard, a wall or mere shapes."""
  h, w = HEIGHT, WIDTH
  base = rng.uniform(20, 220)
  frame = np.full((h, w), base, np.float32)
  horizon = int(h * rng.uniform(.05, .7))
  frame[:horizon] = np.linspace(rng.uniform(40, 255), rng.uniform(40, 255), max(1, horizon), dtype=np.float32)[:, None]
  frame[horizon:] = np.linspace(rng.uniform(30, 180), rng.uniform(30, 180), h - horizon, dtype=np.float32)[:, None]
  for coarse, strength in ((80, 25), (24, 14), (6, 9), (2, 9)):
    if rng.random() < .75:
      frame += noise(rng, h, w, coarse) * rng.uniform(0, strength)
  frame = np.clip(frame, 0, 255).astype(np.uint8)
  for _ in range(rng.integers(0, 9)):  # houses, walls, panels, posts
    x, y = rng.integers(-60, w), rng.integers(-60, horizon + 40)
    bw, bh = int(rng.uniform(20, 260)), int(rng.uniform(20, 260))
    cv2.rectangle(frame, (int(x), int(y)), (int(x + bw), int(y + bh)), int(rng.integers(20, 240)), -1)
    kind = rng.random()
    shade = int(rng.integers(10, 250))
    if kind < .35:  # windows
      nx, ny = rng.integers(1, 9), rng.integers(1, 8)
      part = rng.uniform(.3, .8, 2)
      for i in range(nx):
        for j in range(ny):
          x0, y0 = x + bw * (i + .5 - part[0] / 2) / nx, y + bh * (j + .5 - part[1] / 2) / ny
          cv2.rectangle(frame, (int(x0), int(y0)), (int(x0 + bw * part[0] / nx), int(y0 + bh * part[1] / ny)), shade, -1)
    elif kind < .55:  # bars: fences, shutters, grilles, stairs
      step = int(rng.integers(3, 22))
      thick = int(max(1, step * rng.uniform(.1, .6)))
      if rng.random() < .5:
        for i in range(0, bw, step):
          cv2.line(frame, (int(x + i), int(y)), (int(x + i), int(y + bh)), shade, thick)
      else:
        for i in range(0, bh, step):
          cv2.line(frame, (int(x), int(y + i)), (int(x + bw), int(y + i)), shade, thick)
    elif kind < .65:  # bricks
      step = int(rng.integers(6, 20))
      for j in range(0, bh, step):
        cv2.line(frame, (int(x), int(y + j)), (int(x + bw), int(y + j)), shade, 1)
        for i in range((j // step % 2) * step, bw, 2 * step):
          cv2.line(frame, (int(x + i), int(y + j)), (int(x + i), int(y + j + step)), shade, 1)
  for _ in range(rng.integers(0, 7)):  # lines on the road, cables, poles, shadows
    a, b = rng.integers([0, 0], [w, h]), rng.integers([0, 0], [w, h])
    cv2.line(frame, tuple(map(int, a)), tuple(map(int, b)), int(rng.integers(0, 256)), int(rng.integers(1, 9)), cv2.LINE_AA)
  for _ in range(rng.integers(0, 6)):  # round and irregular things
    at, size = (int(rng.integers(w)), int(rng.integers(h))), int(rng.uniform(3, 60))
    shade = int(rng.integers(0, 256))
    if rng.random() < .5:
      cv2.ellipse(frame, at, (size, int(size * rng.uniform(.3, 1.4))), float(rng.uniform(0, 180)), 0, 360, shade, -1 if rng.random() < .6 else 2, cv2.LINE_AA)
    else:
      cv2.fillPoly(frame, [(np.array(at) + rng.normal(0, size, (rng.integers(3, 8), 2))).astype(np.int32)], shade, cv2.LINE_AA)
  for _ in range(rng.integers(0, 5)):  # boxes of a plate's shape with nothing to read in them: lamps, handles, blank panels
    reach = math.exp(rng.uniform(math.log(20), math.log(160)))
    quad = project(homography(camera(rng), (0, 0), 3 * reach, rng.uniform([0, 0], [w, h])), rectangle(-.5, -.5, .5, .5) * [reach, reach * rng.uniform(.15, .7)])
    cv2.fillPoly(frame, [quad.astype(np.int32)], int(rng.integers(0, 256)), cv2.LINE_AA)
    if rng.random() < .5:
      cv2.polylines(frame, [quad.astype(np.int32)], True, int(rng.integers(0, 256)), 1, cv2.LINE_AA)
  if rng.random() < .3:  # foliage
    part = (noise(rng, h, w, 40) > rng.uniform(.2, 1.2))
    leaves = np.clip(noise(rng, h, w, 3) * rng.uniform(15, 45) + rng.uniform(30, 130), 0, 255)
    frame[part] = leaves[part].astype(np.uint8)
  for _ in range(rng.integers(0, 4)):
    write(frame, rng, fonts)
  return frame


class Dashcam:
  """The unlabelled frames of the Romanian set, with the boxes that people drew. Runs near a labelled frame stay out."""

  def __init__(self, shared, split="train"):
    root = os.path.join(shared, "plates/romania")
    self.items = []
    for name, boxes in dashcam_split(shared)[split]:
      self.items.append((cv2.imread(os.path.join(root, "images", name + ".jpg"), cv2.IMREAD_GRAYSCALE), boxes))

  def draw(self, rng):
    """A random cut of a random frame at a random scale: the picture and its boxes in the picture's pixels."""
    picture, boxes = self.items[rng.integers(len(self.items))]
    height, width = picture.shape
    cut = rng.uniform(.42, 1.0)  # 1: the whole frame's width
    w = width * cut
    h = min(height, w * HEIGHT / WIDTH * rng.uniform(.92, 1.08))
    x, y = rng.uniform(0, width - w + 1e-6), rng.uniform(0, height - h + 1e-6)
    if len(boxes) and rng.random() < .7:  # keep one of its plates in view
      box = boxes[rng.integers(len(boxes))]
      centre = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
      x, y = centre[0] - rng.uniform(.1, .9) * w, centre[1] - rng.uniform(.1, .9) * h
    x, y = float(np.clip(x, 0, width - w)), float(np.clip(y, 0, height - h))
    part = cv2.resize(picture[int(y):int(y + h), int(x):int(x + w)], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    scale = np.array([WIDTH / int(w), HEIGHT / int(h)] * 2)
    placed = (np.array(boxes, float).reshape(-1, 4) - [int(x), int(y), int(x), int(y)]) * scale
    if rng.random() < .5:
      part = np.ascontiguousarray(part[:, ::-1])
      placed = np.c_[WIDTH - placed[:, 2], placed[:, 1], WIDTH - placed[:, 0], placed[:, 3]]
    return part.copy(), placed


  def texture(self, rng):
    """A cut of a frame's upper half (houses, trees, sky: no plates), in daylight's contrast: something no brush paints."""
    picture, boxes = self.items[rng.integers(len(self.items))]
    height, width = picture.shape
    low = max(60, int(min([height * .42] + [box[1] - 20 for box in boxes])))
    w = int(rng.uniform(.15, 1) * width)
    h = min(low, int(w * rng.uniform(.4, .8)))
    x, y = int(rng.integers(width - w + 1)), int(rng.integers(low - h + 1))
    part = cv2.resize(picture[y:y + h, x:x + w], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA if w > WIDTH else cv2.INTER_LINEAR).astype(np.float32)
    if rng.random() < .5:
      part = part[:, ::-1]
    if rng.random() < .3:
      part = part[::-1]
    return (part - part.mean()) / max(4.0, part.std())


def dashcam_split(shared, hold=5):
  """Frames of the dash-cam set as (name, boxes): "train", "held" (passages that training doesn't see) and "test" (the 74
  labelled frames, boxes of their texts). Names end in the second; a passage ends where five seconds lack a frame."""
  root = os.path.join(shared, "plates/romania")
  test = {}
  with open(os.path.join(root, "texts.csv")) as table:
    for line in table.read().split("\n")[1:]:
      if line.strip():
        name, x, y, w, h = line.split(",")[:5]
        test.setdefault(name[:-4], []).append([float(x), float(y), float(x) + float(w), float(y) + float(h)])
  frames = sorted((re.sub(r"_t_\d+$", "", n), int(re.search(r"(\d+)$", n).group(1)), n)
                  for n in (f[:-4] for f in os.listdir(os.path.join(root, "images"))))
  split = {"train": [], "held": [], "test": [(n, test[n]) for n in sorted(test)]}
  passage, last, passages = -1, None, []
  for film, second, name in frames:
    if last is None or film != last[0] or second - last[1] > 5:
      passages.append([])
    passages[-1].append(name)
    last = (film, second)
  for index, names in enumerate(passages):
    for name in names:
      path = os.path.join(root, "boxes", name + ".xml")
      if name in test or not os.path.exists(path):
        continue
      boxes = [[float(b.find(k).text) for k in ("xmin", "ymin", "xmax", "ymax")] for b in ElementTree.parse(path).iter("bndbox")]
      split["held" if index % hold == 0 else "train"].append((name, boxes))
  return split


# ---- vehicles ----

class Vehicle:
  """A painted front or rear in its own pixels: picture, mask, and the slot of its plate (in units of its width)."""

  def __init__(self, rng, fonts, width):
    kind = rng.choice(4, p=[.36, .36, .16, .12])  # car front, car rear, lorry or trailer rear, lorry front
    self.share = {0: .30, 1: .30, 2: .21, 3: .22}[int(kind)]  # the plate's part of the vehicle's width
    tall = rng.uniform(.72, .95) if kind < 2 else rng.uniform(1.0, 1.5)
    self.w = int(width)
    self.h = int(width * tall)
    self.lamps = []
    self.rng, self.fonts = rng, fonts
    self.mask = np.zeros((self.h, self.w), np.uint8)
    self.body = rng.uniform(15, 240)
    light = np.linspace(rng.uniform(.85, 1.25), rng.uniform(.6, 1.05), self.h, dtype=np.float32)[:, None]
    self.picture = np.repeat(np.clip(self.body * light, 0, 255).astype(np.uint8), self.w, 1)
    (self.car_front, self.car_rear, self.lorry_rear, self.lorry_front)[int(kind)](tall)

  def poly(self, points, shade, solid=True):
    """Points in units of the width; mirrored by the caller where a vehicle is."""
    corners = (np.asarray(points) * self.w).astype(np.int32)
    cv2.fillPoly(self.picture, [corners], int(np.clip(shade, 0, 255)), cv2.LINE_AA)
    if solid:
      cv2.fillPoly(self.mask, [corners], 255, cv2.LINE_AA)

  def both(self, points, shade, solid=True):
    points = np.asarray(points)
    self.poly(points, shade, solid)
    self.poly(np.c_[1 - points[:, 0], points[:, 1]], shade, solid)

  def line(self, a, b, shade, thick=.004):
    cv2.line(self.picture, (int(a[0] * self.w), int(a[1] * self.w)), (int(b[0] * self.w), int(b[1] * self.w)), int(np.clip(shade, 0, 255)), max(1, int(thick * self.w)), cv2.LINE_AA)

  def bars(self, x0, y0, x1, y1, shade, upright=False):
    n = self.rng.integers(2, 14)
    for i in range(1, n):
      t = i / n
      if upright:
        self.line((x0 + (x1 - x0) * t, y0), (x0 + (x1 - x0) * t, y1), shade, self.rng.uniform(.002, .008))
      else:
        self.line((x0, y0 + (y1 - y0) * t), (x1, y0 + (y1 - y0) * t), shade, self.rng.uniform(.002, .008))

  def text(self, x, y, height, ink=None):
    """A badge or lettering, at most to the vehicle's edge."""
    mask = lettering(self.rng, self.fonts, 32)
    scale = height * self.w / mask.shape[0]
    w, h = max(3, int(mask.shape[1] * scale)), max(3, int(mask.shape[0] * scale))
    small = cv2.resize(mask, (w, h), interpolation=cv2.INTER_AREA)
    x, y = int(x * self.w), int(y * self.w)
    part = self.picture[max(0, y):y + h, max(0, x):x + w]
    if part.size == 0:
      return
    alpha = small[max(0, -y):, max(0, -x):][:part.shape[0], :part.shape[1]].astype(np.float32) / 255
    ink = self.rng.integers(0, 256) if ink is None else ink
    part[:] = (part * (1 - alpha) + float(ink) * alpha).astype(np.uint8)

  def window(self, y0, y1, inset):
    r = self.rng
    glass = r.uniform(10, 130)
    self.poly([(inset, y0), (1 - inset, y0), (1 - inset * .45, y1), (inset * .45, y1)], self.body * r.uniform(.8, 1.1))
    e = .02
    self.poly([(inset + e, y0 + e), (1 - inset - e, y0 + e), (1 - inset * .45 - e * 1.6, y1 - e), (inset * .45 + e * 1.6, y1 - e)], glass)
    for _ in range(r.integers(0, 4)):  # reflections, seats, heads
      x, y = r.uniform(.2, .8), r.uniform(y0, y1)
      self.poly(np.array([(x, y)]) + r.normal(0, .06, (5, 2)), np.clip(glass + r.normal(0, 40), 0, 255), False)
    # whatever spilled out of the glass is painted over by the parts that follow
    if r.random() < .4:
      self.line((r.uniform(.3, .7), y1), (r.uniform(.3, .8), y0 + (y1 - y0) * .4), 15, .006)
    if r.random() < .25:
      self.text(r.uniform(.2, .6), y0 + (y1 - y0) * r.uniform(.1, .7), r.uniform(.03, .09), 230)

  def lamp(self, x0, y0, x1, y1):
    r = self.rng
    shade = r.uniform(30, 250)
    wobble = r.normal(0, .012, (4, 2))
    points = rectangle(x0, y0, x1, y1) + wobble
    self.both(points, shade)
    inner = (points - points.mean(0)) * r.uniform(.4, .8) + points.mean(0)
    self.both(inner, np.clip(shade + r.normal(0, 60), 0, 255))
    if r.random() < .35:  # ribbed glass
      for side in (points, np.c_[1 - points[:, 0], points[:, 1]]):
        a, b = side.min(0), side.max(0)
        self.bars(a[0], a[1], b[0], b[1], shade + r.normal(0, 40), r.random() < .5)
    self.lamps += [points.mean(0), np.array([1 - points.mean(0)[0], points.mean(0)[1]])]
    if r.random() < .4:
      for centre in self.lamps[-2:]:
        cv2.circle(self.picture, tuple((centre * self.w).astype(int)), max(1, int((y1 - y0) * .4 * self.w)), int(r.uniform(100, 255)), -1, cv2.LINE_AA)

  def oval(self, x, y):
    size = self.rng.uniform(.022, .05) * self.w
    at = int(x * self.w), int(y * self.w)
    cv2.ellipse(self.picture, at, (max(1, int(size)), max(1, int(size * .66))), 0, 0, 360, int(self.rng.integers(180, 256)), -1, cv2.LINE_AA)
    sign = "".join(self.rng.choice(list(string.ascii_uppercase), self.rng.integers(1, 4)))
    scale = size / 22
    cv2.putText(self.picture, sign, (int(at[0] - 7 * scale * len(sign)), int(at[1] + 8 * scale)), cv2.FONT_HERSHEY_SIMPLEX, .7 * scale, 20, max(1, int(1.6 * scale)), cv2.LINE_AA)

  def wheels(self, tall):
    self.both([(.03, tall - .25), (.19, tall - .25), (.19, tall - .02), (.04, tall - .02)], self.rng.uniform(5, 45))

  def recess(self, x, y, shade=None):
    """The place of the plate: a hollow or a flat, mostly of another shade than the plate."""
    r = self.rng
    self.slot = (x, y)
    if r.random() < .65:
      half, rise = self.share * r.uniform(.52, .75), self.share * r.uniform(.14, .3)
      self.poly(rectangle(x - half, y - rise, x + half, y + rise) + r.normal(0, .006, (4, 2)), self.body * r.uniform(.3, 1.15) if shade is None else shade)

  def car_front(self, tall):
    r = self.rng
    self.wheels(tall)
    self.window(0, .36, r.uniform(.14, .26))
    top = .35
    self.poly([(.03, top), (.97, top), (1, top + .2), (.99, tall - .1), (.01, tall - .1), (0, top + .2)], self.body)
    for _ in range(r.integers(0, 4)):
      x = r.uniform(.1, .45)
      self.line((x, top), (x + r.uniform(-.05, .1), top + .1), self.body + r.normal(0, 30))
      self.line((1 - x, top), (1 - x - .03, top + .1), self.body + r.normal(0, 30))
    y = top + r.uniform(.08, .14)
    self.lamp(.04, y, r.uniform(.2, .3), y + r.uniform(.06, .13))
    dark = r.uniform(10, 70)
    x0 = r.uniform(.24, .36)
    self.poly(rectangle(x0, y, 1 - x0, y + .1) + r.normal(0, .01, (4, 2)), dark)
    self.bars(x0, y, 1 - x0, y + .1, r.uniform(60, 240), r.random() < .3)
    cv2.circle(self.picture, (self.w // 2, int((y + .05) * self.w)), max(1, int(r.uniform(.015, .04) * self.w)), int(r.uniform(80, 255)), -1 if r.random() < .5 else max(1, self.w // 150), cv2.LINE_AA)
    bumper = y + .14
    shade = self.body if r.random() < .6 else r.uniform(15, 200)
    self.poly([(0, bumper), (1, bumper), (.98, tall - .08), (.02, tall - .08)], shade)
    self.line((0, bumper), (1, bumper), shade * r.uniform(.3, .8), .008)
    low = min(tall - .12, bumper + r.uniform(.12, .2))
    self.poly(rectangle(r.uniform(.15, .3), low, r.uniform(.7, .85), tall - .1), dark)
    self.bars(.25, low, .75, tall - .1, r.uniform(20, 120), r.random() < .3)
    if r.random() < .6:
      self.both(rectangle(.07, low, .17, low + .05), r.uniform(10, 230))
    self.recess(.5 + (r.normal(0, .01) if r.random() < .9 else r.uniform(-.25, .25)), bumper + r.uniform(.03, .14))

  def car_rear(self, tall):
    r = self.rng
    self.wheels(tall)
    self.window(0, r.uniform(.3, .38), r.uniform(.1, .26))
    top = .33
    self.poly([(.03, top), (.97, top), (1, top + .2), (.99, tall - .1), (.01, tall - .1), (0, top + .2)], self.body)
    y = top + r.uniform(.04, .12)
    self.lamp(.03, y, r.uniform(.12, .3), y + r.uniform(.08, .2))
    boot = y + r.uniform(.18, .26)
    self.line((.1, boot), (.9, boot), self.body * .4, .006)
    self.both([(.1, y - .04), (.105, y - .04), (.13, boot), (.125, boot)], self.body * .5)
    cv2.circle(self.picture, (self.w // 2, int(y * self.w)), max(1, int(r.uniform(.01, .035) * self.w)), int(r.uniform(0, 255)), -1, cv2.LINE_AA)
    for x in (.17, .66):
      if r.random() < .6:
        self.text(x + r.uniform(-.02, .05), y + r.uniform(-.02, .1), r.uniform(.03, .06))
    shade = self.body if r.random() < .5 else r.uniform(10, 120)
    self.poly([(0, boot + .02), (1, boot + .02), (.98, tall - .08), (.02, tall - .08)], shade)
    self.line((0, boot + .04), (1, boot + .04), shade + r.normal(0, 50), .01)
    if r.random() < .3:
      self.poly(rectangle(.3, y - .02, .7, y + .01), r.uniform(60, 255))
    if r.random() < .4:
      self.both(rectangle(.1, tall - .13, .2, tall - .1), r.uniform(40, 250))
    x = .5 + (r.normal(0, .01) if r.random() < .85 else r.uniform(-.25, .25))
    self.recess(x, y + r.uniform(.05, .12) if r.random() < .6 else boot + r.uniform(.06, .12))
    if r.random() < .3:  # stickers
      self.poly(rectangle(.2, boot - .07, .27, boot - .03) + r.normal(0, .004, (4, 2)), 235)
    if r.random() < .45:  # the oval with the country's sign
      self.oval(r.uniform(.1, .85), r.uniform(y, boot + .1))

  def lorry_rear(self, tall):
    r = self.rng
    self.wheels(tall)
    wall = tall - .2
    self.poly(rectangle(0, 0, 1, wall), self.body)
    self.line((.5, 0), (.5, wall), self.body * .5, .006)
    for _ in range(r.integers(0, 4)):  # door bars and hinges
      x = r.uniform(.05, .48)
      for at in (x, 1 - x):
        self.line((at, 0), (at, wall), self.body * r.uniform(.5, 1.4), .01)
    for _ in range(r.integers(0, 4)):
      self.text(r.uniform(0, .6), r.uniform(0, wall - .1), math.exp(r.uniform(math.log(.04), math.log(.3))))
    self.poly(rectangle(.01, wall, .99, wall + .12), r.uniform(10, 90))
    self.lamp(.03, wall + .02, r.uniform(.12, .25), wall + .09)
    if r.random() < .5:  # reflecting stripes
      x = 0.02
      while x < .98:
        self.poly(rectangle(x, wall - .05, x + .05, wall - .01), r.choice([60, 235]))
        x += .05
    self.both(rectangle(.05, tall - .1, .2, tall), r.uniform(5, 60))
    if r.random() < .3:
      self.poly(rectangle(.05, wall - .16, .2, wall - .07), 220)
      self.text(.06, wall - .16, .08, 20)
    self.recess(r.uniform(.25, .75) if r.random() < .6 else .5, wall + r.uniform(.03, .12), r.uniform(10, 120))

  def lorry_front(self, tall):
    r = self.rng
    self.wheels(tall)
    self.poly(rectangle(.01, 0, .99, tall - .12), self.body)
    y0 = tall * r.uniform(.08, .2)
    y1 = y0 + tall * .3
    self.poly(rectangle(.06, y0, .94, y1), r.uniform(10, 110))
    if r.random() < .6:
      self.text(r.uniform(.1, .5), y0 - .1, r.uniform(.05, .11))
    if r.random() < .7:
      self.text(r.uniform(.2, .5), y1 + .01, r.uniform(.05, .12))
    dark = r.uniform(10, 90)
    self.poly(rectangle(.15, y1 + .1, .85, tall - .3), dark)
    self.bars(.15, y1 + .1, .85, tall - .3, r.uniform(40, 230))
    shade = self.body if r.random() < .5 else r.uniform(15, 130)
    self.poly(rectangle(0, tall - .3, 1, tall - .06), shade)
    self.lamp(.04, tall - .26, .22, tall - .14)
    self.recess(.5 + r.normal(0, .03), tall - r.uniform(.12, .2))


# ---- the scene ----

class Scenes:
  def __init__(self, seed, shared, held_out=False):
    """`held_out`: a test's scenes, of faces and passages that training never sees."""
    self.rng = np.random.default_rng(seed)
    self.fonts = font_files(shared)
    self.plates = Pool(self.rng, shared, held_out)
    self.dashcam = Dashcam(shared, "held" if held_out else "train")

  def draw(self):
    """One frame (HEIGHT x WIDTH, grey) and its labels (rows of LABEL numbers)."""
    rng = self.rng
    self.labels, self.glow, self.retro = [], [], 1.0
    if rng.random() < .35:
      frame = self.street()
      light = rng.random() * .25  # already dusk or night: mostly left as it is
    else:
      frame = painted(rng, self.fonts)
      if rng.random() < .5:
        share = rng.uniform(0, .8)
        texture = self.dashcam.texture(rng) * rng.uniform(20, 65) * (1 if rng.random() < .85 else -1) + rng.uniform(60, 180)
        frame = np.clip(frame * share + texture * (1 - share), 0, 255).astype(np.uint8)
      light = rng.random()
      night = light > .68
      dark = rng.uniform(.06, .6) if night else 1.0  # dusk and night; plates shine back the camera's own light
      self.retro = rng.uniform(.7, 1.3) if night and rng.random() < .6 else dark * rng.uniform(.8, 1.4)
      if night:
        frame = (frame * dark).astype(np.uint8)
      self.dark = dark
      for _ in range(rng.choice(4, p=[.22, .5, .2, .08])):
        self.vehicle(frame)
      for _ in range(rng.choice(3, p=[.6, .3, .1])):
        self.loose(frame)
      for _ in range(rng.choice(3, p=[.6, .3, .1])):
        write(frame, rng, self.fonts)  # may lie over a plate: then the label goes
        self.labels = [l for l in self.labels if self.visible(frame, l)]
    frame = self.seen(frame, light)
    return frame, self.rows()

  def rows(self):
    rows = np.full((MOST_LABELS, LABEL), -1, np.float32)
    for row, (quad, two, kind, *_) in zip(rows, self.labels):
      row[:8], row[8], row[9] = quad.reshape(8), two, kind
    return rows

  def visible(self, frame, label):
    quad, _, _, texture = label
    if texture is None:
      return True
    low, high = np.maximum(quad.min(0).astype(int), 0), quad.max(0).astype(int) + 1
    part = frame[low[1]:high[1], low[0]:high[0]]
    return part.shape == texture.shape and np.mean(np.abs(part.astype(int) - texture) > 12) < .1

  def add(self, frame, quad, two, kind=QUAD):
    """Notes a plate; one that the edge cuts, or that is too small, is nobody's fault."""
    low, high = quad.min(0), quad.max(0)
    inside = np.prod(np.maximum(0, np.minimum(high, [WIDTH, HEIGHT]) - np.maximum(low, 0))) / max(1e-6, np.prod(high - low))
    if inside <= 0.02:
      return
    reach = np.linalg.norm(quad[1] - quad[0])
    rise = np.linalg.norm(quad[3] - quad[0])
    if inside < .93 or reach < SMALLEST or rise < 3.5:
      kind = IGNORE
    # a plate painted over an older one hides it
    kept = []
    for label in self.labels:
      centre = label[0].mean(0)
      if cv2.pointPolygonTest(quad.astype(np.float32), (float(centre[0]), float(centre[1])), False) < 0:
        kept.append(label)
    a, b = np.maximum(low.astype(int), 0), high.astype(int) + 1
    texture = frame[a[1]:b[1], a[0]:b[0]].copy() if kind != IGNORE else None
    self.labels = kept + [(quad, float(two), kind, texture)]
    self.labels = self.labels[-MOST_LABELS:]

  def plate_onto(self, frame, matrix, centre, reach, gain, soften=0.0):
    """A plate of `reach` px about a plane's point `centre`, the plane seen through `matrix`."""
    reach = max(reach, 4)
    picture, corners, two = self.plates.draw()
    picture = self.worn(picture)
    scale = reach / (corners[1, 0] - corners[0, 0]) * (.62 if two else 1)
    def place(points):
      return project(matrix, np.asarray(centre) + (points - corners.mean(0)) * scale)
    paste(frame, picture, place(rectangle(0, 0, picture.shape[1], picture.shape[0])), gain, 0, soften)
    self.add(frame, place(corners), two)

  def worn(self, picture):
    """Dirt, shadow across, bolts, low contrast."""
    rng = self.rng
    if rng.random() < .5:
      return picture
    value = picture.astype(np.float32)
    h, w = value.shape
    if rng.random() < .5:
      value = value * (1 + noise(rng, h, w, 60) * .15)
    if rng.random() < .4:  # dirt is grey and hides a part of the contrast
      share = np.clip(noise(rng, h, w, 25) * rng.uniform(.1, .4) + rng.uniform(0, .35), 0, .75)
      value = value * (1 - share) + rng.uniform(50, 160) * share
    if rng.random() < .3:  # the shadow of a bumper or a bar
      y = int(h * rng.uniform(.1, .9))
      value[:y] *= rng.uniform(.35, .8)
    elif rng.random() < .2:
      x = int(w * rng.uniform(.1, .9))
      value[:, x:] *= rng.uniform(.35, .8)
    if rng.random() < .3:
      for x in (.2, .8):
        cv2.circle(value, (int(w * x), int(h * rng.uniform(.1, .9))), int(h * .05), float(rng.uniform(60, 200)), -1, cv2.LINE_AA)
    return np.clip(value, 0, 255).astype(np.uint8)

  def reach(self):
    """A plate's width: every octave from 18 px to half of the frame alike."""
    return math.exp(self.rng.uniform(math.log(17), math.log(WIDTH * .52)))

  def vehicle(self, frame):
    rng = self.rng
    reach = self.reach()
    share = .3
    width = min(1150, reach / share)
    vehicle = Vehicle(rng, self.fonts, width)
    reach = width * vehicle.share * rng.uniform(.9, 1.1)
    at = np.array([rng.uniform(.04, .96) * WIDTH, rng.uniform(.2, .97) * HEIGHT])
    centre = np.array(vehicle.slot) * vehicle.w
    matrix = homography(camera(rng), centre, max(vehicle.w, vehicle.h) * rng.uniform(1.6, 5), at)
    dark = self.dark * rng.uniform(.7, 1.3)
    picture = vehicle.picture
    if rng.random() < .6:
      picture = np.clip(picture * (1 + .12 * noise(rng, vehicle.h, vehicle.w, max(2, vehicle.w // 6))), 0, 255).astype(np.uint8)
    # the shadow on the ground
    corners = project(matrix, np.array([[0, vehicle.h * .9], [vehicle.w, vehicle.h * .9], [vehicle.w * 1.05, vehicle.h * 1.06], [-vehicle.w * .05, vehicle.h * 1.06]]))
    cv2.fillPoly(frame, [corners.astype(np.int32)], int(rng.uniform(0, 60) * self.dark), cv2.LINE_AA)
    value = cv2.warpPerspective(picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR).astype(np.float32)
    mask = cv2.warpPerspective(vehicle.mask, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    hidden = []
    for label in self.labels:  # a nearer vehicle hides those behind it
      quad = label[0]
      probe = np.clip(np.r_[quad, quad.mean(0)[None]].astype(int), 0, [WIDTH - 1, HEIGHT - 1])
      cover = (mask[probe[:, 1], probe[:, 0]] > 100).sum()
      if cover == 0:
        hidden.append(label)
      elif cover < 5:
        hidden.append((label[0], label[1], IGNORE, None))
    self.labels = hidden
    alpha = mask.astype(np.float32) / 255
    frame[:] = np.clip(frame * (1 - alpha) + value * dark * alpha, 0, 255).astype(np.uint8)
    for lamp in project(matrix, np.array(vehicle.lamps) * vehicle.w) if vehicle.lamps else []:
      self.glow.append((lamp, vehicle.w * rng.uniform(.02, .05)))
    if rng.random() < .88:
      self.plate_onto(frame, matrix, centre, reach, self.retro * rng.uniform(.75, 1.15))

  def loose(self, frame):
    """A plate without a vehicle: close-ups, where nothing else of the vehicle is in view, and whatever else we didn't paint."""
    rng = self.rng
    reach = self.reach()
    at = (rng.uniform(.02, .98) * WIDTH, rng.uniform(.02, .98) * HEIGHT)
    matrix = homography(camera(rng), (0, 0), reach * rng.uniform(2, 8), at)
    if rng.random() < .6:
      around = project(matrix, rectangle(-.5, -.5, .5, .5) * [reach * rng.uniform(1.05, 2.5), reach * rng.uniform(.25, 1.2)])
      cv2.fillPoly(frame, [around.astype(np.int32)], int(rng.integers(0, 256) * self.dark), cv2.LINE_AA)
    self.plate_onto(frame, matrix, (0, 0), reach, self.retro * rng.uniform(.75, 1.15))

  def street(self):
    """A real frame. Its plates stay (then only their boxes are known) or ours are laid over them, in their light."""
    rng = self.rng
    frame, boxes = self.dashcam.draw(rng)
    for box in boxes:
      quad = rectangle(*box)
      if box[2] < 2 or box[3] < 2 or box[0] > WIDTH - 2 or box[1] > HEIGHT - 2:
        continue
      inside = box[0] > 1 and box[1] > 1 and box[2] < WIDTH - 1 and box[3] < HEIGHT - 1
      if rng.random() < .5 or not inside or box[2] - box[0] < SMALLEST:
        self.add(frame, quad, box[3] - box[1] > .4 * (box[2] - box[0]), BOX)
        continue
      part = frame[int(box[1]):int(box[3]) + 1, int(box[0]):int(box[2]) + 1]
      low, high = np.percentile(part, [8, 92])
      picture, corners, two = self.plates.draw()
      while two:
        picture, corners, two = self.plates.draw()
      size = box[2:] - box[:2]
      quad = rectangle(*(box + np.array([-.05, -.09, .05, .09]) * np.r_[size, size])) + rng.normal(0, .04, (4, 2)) * size[1]
      gain = max(.08, (high - low) / 200)
      # the rim goes outside of the old plate
      onto = cv2.getPerspectiveTransform(corners, quad.astype(np.float32))
      paste(frame, picture, project(onto, rectangle(0, 0, picture.shape[1], picture.shape[0])), gain, max(0.0, low - 20 * gain), rng.uniform(0, 1.0))
      self.add(frame, quad, two)
    self.dark = 1.0
    if rng.random() < .5:  # a further plate somewhere in the picture, in the light of its surroundings
      self.dark = max(.15, float(frame.mean()) / 110)
      self.retro = self.dark * rng.uniform(.9, 2.0)
      self.loose(frame)
    if rng.random() < .15:
      self.vehicle(frame)
    if rng.random() < .3:
      write(frame, rng, self.fonts)
    self.labels = [l for l in self.labels if self.visible(frame, l)]
    return frame

  def seen(self, frame, light):
    """What the camera makes of it."""
    rng = self.rng
    value = frame.astype(np.float32)
    if light > .68:  # lamps bloom
      for (x, y), size in self.glow:
        if rng.random() < .8 and -50 < x < WIDTH + 50 and -50 < y < HEIGHT + 50:
          glow = np.zeros((HEIGHT // 4, WIDTH // 4), np.float32)
          cv2.circle(glow, (int(x / 4), int(y / 4)), max(1, int(size / 4)), float(rng.uniform(200, 900)), -1, cv2.LINE_AA)
          glow = cv2.GaussianBlur(glow, (0, 0), max(.7, size * .05)) + cv2.GaussianBlur(glow, (0, 0), max(1.5, size * rng.uniform(.2, 1.0))) * rng.uniform(.3, 2)
          value += cv2.resize(glow, (WIDTH, HEIGHT))
    if rng.random() < .25:  # uneven light, haze
      value = value * (1 + .3 * noise(rng, HEIGHT, WIDTH, 160)) + rng.uniform(0, 40)
    if rng.random() < .12:  # rain or snow
      drops = np.zeros((HEIGHT, WIDTH), np.float32)
      angle, length = rng.uniform(-.4, .4), rng.uniform(1, 22)
      for x, y in rng.uniform(0, 1, (int(rng.uniform(30, 300)), 2)) * [WIDTH, HEIGHT]:
        cv2.line(drops, (int(x), int(y)), (int(x + angle * length), int(y + length)), 1.0, 1, cv2.LINE_AA)
      value += drops * rng.uniform(20, 90)
    kind = rng.random()
    if kind < .45:
      value = cv2.GaussianBlur(value, (0, 0), float(math.exp(rng.uniform(math.log(.35), math.log(1.6)))))
    elif kind < .6:
      length = int(rng.integers(2, 8))
      kernel = np.zeros((9, 9), np.float32)
      angle = rng.uniform(0, math.pi)
      offset = np.array([math.cos(angle), math.sin(angle)]) * length / 2
      cv2.line(kernel, tuple((4 - offset).round().astype(int)), tuple((4 + offset).round().astype(int)), 1.0, 1)
      value = cv2.filter2D(value, -1, kernel / kernel.sum())
    elif kind < .7:  # a camera that sharpens
      value = value + (value - cv2.GaussianBlur(value, (0, 0), 1.2)) * rng.uniform(.3, 1.5)
    gain, lift = rng.uniform(.7, 1.5), rng.uniform(-25, 30)
    if rng.random() < .12:  # little contrast
      gain, lift = rng.uniform(.3, .65), rng.uniform(0, 110)
    value = value * gain + lift
    if rng.random() < .3:
      value = 255 * np.power(np.clip(value, 0, 255) / 255, math.exp(rng.uniform(-.6, .6)))
    if rng.random() < .7:
      value += cv2.resize(rng.normal(0, 1, (HEIGHT // 2, WIDTH // 2)).astype(np.float32), (WIDTH, HEIGHT)) * rng.uniform(0, 9) if rng.random() < .4 \
          else rng.standard_normal((HEIGHT, WIDTH), dtype=np.float32) * rng.uniform(0, 10)
    result = np.clip(value, 0, 255).astype(np.uint8)
    if rng.random() < .5:
      result = cv2.imdecode(cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 92))])[1], cv2.IMREAD_GRAYSCALE)
    return result
