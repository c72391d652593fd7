#!/usr/bin/python3
"""Trains the plate detector on scenes that a second process paints while it learns. Resumable: start it again to go on.

  train_detector.py --shared ../shared/data --run build/detector.pt [--minutes 90] [--seed 1]

The rate falls along a cosine over the minutes of training, those of earlier starts included: on a busy machine a step count
would say nothing about the end.
One thread a process (two processes in all). Each scene is used a few times, cut differently each time, since painting one
costs as much as learning from four.
"""
import argparse
import math
import multiprocessing
import os
import time

import cv2
import numpy as np
import torch
import torch.nn.functional as F

import detector_net
import scenes

SLOTS = 2000  # scenes in memory
USES = 8  # cuts taken of each scene, on average
STRIDE = detector_net.STRIDE


def paint(seed, shared, pictures, labels, made, wanted, parent):
  """The worker: keeps painting into the ring, as far ahead as the trainer wants."""
  cv2.setNumThreads(1)
  painter = scenes.Scenes(seed, shared)
  pictures = np.frombuffer(pictures, np.uint8).reshape(SLOTS, scenes.HEIGHT, scenes.WIDTH)
  labels = np.frombuffer(labels, np.float32).reshape(SLOTS, scenes.MOST_LABELS, scenes.LABEL)
  while os.getppid() == parent:
    if made.value >= wanted.value:
      time.sleep(.01)
      continue
    picture, rows = painter.draw()
    slot = made.value % SLOTS
    labels[slot] = rows
    pictures[slot] = picture
    made.value += 1


def cut(rng, picture, rows, kind):
  """One training picture: a part of a scene, the whole at half its size, or the whole."""
  rows = rows[rows[:, 9] >= 0]
  if kind == "whole":
    return picture, rows
  if kind == "half":
    rows = rows.copy()
    rows[:, :8] /= 2
    reach = np.hypot(rows[:, 2] - rows[:, 0], rows[:, 3] - rows[:, 1])
    rows[reach < scenes.SMALLEST, 9] = scenes.IGNORE
    return cv2.resize(picture, None, fx=.5, fy=.5, interpolation=cv2.INTER_AREA), rows
  height, width = scenes.HEIGHT // 2, scenes.WIDTH // 2
  if len(rows) and rng.random() < .8:
    centre = rows[rng.integers(len(rows)), :8].reshape(4, 2).mean(0)
    x, y = centre[0] - rng.uniform(.05, .95) * width, centre[1] - rng.uniform(.05, .95) * height
  else:
    x, y = rng.uniform(0, width), rng.uniform(0, height)
  x, y = int(np.clip(x, 0, width)), int(np.clip(y, 0, height))
  rows = rows.copy()
  rows[:, 0:8:2] -= x
  rows[:, 1:8:2] -= y
  for row in rows:  # what the cut's edge cuts is nobody's fault
    low, high = row[:8].reshape(4, 2).min(0), row[:8].reshape(4, 2).max(0)
    inside = np.prod(np.maximum(0, np.minimum(high, [width, height]) - np.maximum(low, 0))) / max(1e-6, np.prod(high - low))
    if inside < .93:
      row[9] = scenes.IGNORE
  return picture[y:y + height, x:x + width], rows


def targets(rows, height, width):
  """Maps of height x width cells: heat, counts (0: ignored), two lines, eight offsets, weight of exact corners, of boxes."""
  maps = np.zeros((14, height, width), np.float32)
  heat, counts, two, corners, exact, boxed = maps[0], maps[1], maps[2], maps[3:11], maps[11], maps[12]
  counts[:] = 1
  ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
  for row in rows:
    quad = row[:8].reshape(4, 2) / STRIDE - .5  # in cells: a cell's centre is a whole number
    low, high = quad.min(0), quad.max(0)
    if row[9] == scenes.IGNORE:
      a, b = np.maximum(np.floor(low - .5).astype(int), 0), np.maximum(np.ceil(high + 1.5).astype(int), 0)
      counts[a[1]:b[1], a[0]:b[0]] = 0
      continue
    centre, size = quad.mean(0), high - low
    column, line = int(round(float(centre[0]))), int(round(float(centre[1])))
    if not (0 <= column < width and 0 <= line < height):
      continue
    spread = np.maximum(.6, size * [.06, .1])
    bump = np.exp(-(((xs - centre[0]) / spread[0]) ** 2 + ((ys - centre[1]) / spread[1]) ** 2) / 2)
    bump[line, column] = 1
    near = (bump > .4) & (bump > heat)
    np.maximum(heat, bump, out=heat)
    counts[line, column] = 1
    two[near] = row[8]
    for corner in range(4):
      corners[2 * corner][near] = (quad[corner, 0] - xs)[near]
      corners[2 * corner + 1][near] = (quad[corner, 1] - ys)[near]
    # a corner's error counts by the plate's height: it is what the reader's crop suffers from
    rise = (np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    weight = bump[near] / (.5 + .5 * rise)
    exact[near] = weight if row[9] == scenes.QUAD else 0
    boxed[near] = weight if row[9] == scenes.BOX else 0
  return maps


def loss_of(output, maps):
  heat, counts, two, corners, exact, boxed = maps[:, 0], maps[:, 1], maps[:, 2], maps[:, 3:11], maps[:, 11], maps[:, 12]
  logit = output[:, 0]
  sure = (heat == 1).float()
  plates = sure.sum().clamp(min=1)
  p = torch.sigmoid(logit)
  found = -(sure * (1 - p) ** 2 * F.logsigmoid(logit)).sum() / plates
  false = -((1 - sure) * counts * (1 - heat) ** 4 * p ** 2 * F.logsigmoid(-logit)).sum() / plates
  near = exact + boxed
  lines = (F.binary_cross_entropy_with_logits(output[:, 1], two, reduction="none") * (near > 0)).sum() / (near > 0).sum().clamp(min=1)
  offsets = output[:, 2:]
  quads = (F.smooth_l1_loss(offsets, corners, reduction="none", beta=.15).mean(1) * exact).sum() / (near > 0).sum().clamp(min=1)
  # of a real plate only the box is known: hold the corners' extent to it
  x, y, tx, ty = offsets[:, 0::2], offsets[:, 1::2], corners[:, 0::2], corners[:, 1::2]
  extent = torch.stack([x.amin(1), y.amin(1), x.amax(1), y.amax(1)], 1)
  wanted = torch.stack([tx.amin(1), ty.amin(1), tx.amax(1), ty.amax(1)], 1)
  boxes = (F.smooth_l1_loss(extent, wanted, reduction="none", beta=.15).mean(1) * boxed).sum() / (near > 0).sum().clamp(min=1)
  return found, false, lines, quads, boxes


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("--shared", default=os.environ.get("RAMPA_SHARED_DATA", "../shared/data"))
  parser.add_argument("--run", required=True, help="state file, written every --save steps and gone on from")
  parser.add_argument("--minutes", type=float, default=90)
  parser.add_argument("--seed", type=int, default=1)
  parser.add_argument("--save", type=int, default=500)
  parser.add_argument("--rate", type=float, default=2e-3)
  options = parser.parse_args()
  torch.set_num_threads(1)
  torch.set_flush_denormal(True)
  cv2.setNumThreads(1)
  torch.manual_seed(options.seed)
  net = detector_net.Detector()
  average = detector_net.Detector()
  average.load_state_dict(net.state_dict())
  optimiser = torch.optim.AdamW(net.parameters(), options.rate, weight_decay=1e-4)
  step, seconds = 0, 0.0
  if os.path.exists(options.run):
    state = torch.load(options.run)
    net.load_state_dict(state["net"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    step, seconds = state["step"], state.get("seconds", 0.0)
    print("goes on from step %d" % step, flush=True)
  seed = options.seed * 1000003 + step  # after a stop the scenes are new ones
  rng = np.random.default_rng(seed + 1)

  fork = multiprocessing.get_context("fork")
  pictures = fork.RawArray("B", SLOTS * scenes.HEIGHT * scenes.WIDTH)
  labels = fork.RawArray("f", SLOTS * scenes.MOST_LABELS * scenes.LABEL)
  made, wanted = fork.Value("q", 0), fork.Value("q", 400)
  worker = fork.Process(target=paint, args=(seed, options.shared, pictures, labels, made, wanted, os.getpid()), daemon=True)
  worker.start()
  ring = np.frombuffer(pictures, np.uint8).reshape(SLOTS, scenes.HEIGHT, scenes.WIDTH)
  notes = np.frombuffer(labels, np.float32).reshape(SLOTS, scenes.MOST_LABELS, scenes.LABEL)

  used, sums, counted, since = 0.0, np.zeros(5), 0, time.time()
  started = since - seconds
  net.train()
  while seconds < 60 * options.minutes:
    seconds = time.time() - started
    while made.value < 150 or made.value + 250 < wanted.value:
      assert worker.is_alive(), "the painter of scenes ended"
      time.sleep(.05)
    kind = ("part", "half", "whole")[rng.choice(3, p=[.5, .25, .25])]
    size = 4 if kind == "whole" else 16
    batch, maps = [], []
    for _ in range(size):
      slot = rng.integers(min(made.value, SLOTS))
      picture, rows = cut(rng, ring[slot], notes[slot], kind)
      batch.append(picture)
      maps.append(targets(rows, picture.shape[0] // STRIDE, picture.shape[1] // STRIDE))
    used += size
    wanted.value = 400 + int(used / USES)
    frames = (torch.from_numpy(np.stack(batch)[:, None].astype(np.float32)) - 128) / 128
    parts = loss_of(net(frames), torch.from_numpy(np.stack(maps)))
    total = parts[0] + parts[1] + .2 * parts[2] + 6 * parts[3] + 3 * parts[4]
    warm, gone = min(1.0, (step + 1) / 300), min(1.0, seconds / 60 / options.minutes)
    optimiser.param_groups[0]["lr"] = options.rate * warm * (.02 + .98 * .5 * (1 + math.cos(math.pi * gone)))
    optimiser.zero_grad()
    total.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
    optimiser.step()
    step += 1
    with torch.no_grad():  # what is kept is the running mean of the weights
      keep = min(.998, step / (step + 50))
      for mine, theirs in zip(average.state_dict().values(), net.state_dict().values()):
        mine.copy_(mine * keep + theirs * (1 - keep)) if mine.dtype.is_floating_point else mine.copy_(theirs)
    sums += [float(p) for p in parts]
    counted += 1
    if step % 100 == 0:
      print("step %d found %.3f false %.3f lines %.3f quads %.4f boxes %.4f, %d scenes, %.2f s a step, rate %.5f" %
            (step, *(sums / counted), made.value, (time.time() - since) / counted, optimiser.param_groups[0]["lr"]), flush=True)
      sums[:], counted, since = 0, 0, time.time()
    if step % options.save == 0 or seconds >= 60 * options.minutes:
      torch.save({"net": net.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "seconds": seconds}, options.run + ".new")
      os.replace(options.run + ".new", options.run)
  worker.terminate()


if __name__ == "__main__":
  main()
