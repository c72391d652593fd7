#!/usr/bin/python3
"""Trains the recogniser on synthetic plates made while it runs.

  train_recogniser.py WORK --shared ../shared/data --minutes 75 [--makers 1] [--seed 1]

One or more makers draw plates into a ring in WORK; the trainer takes batches from it at its own pace, so both use what the machine
has left. WORK/state.pt is written every few minutes: started again, it goes on with the weights found there (--minutes then is a new
cycle of the learning rate). Each start draws other plates: seed, cycle and maker make up a maker's seed."""
import argparse
import json
import math
import multiprocessing
import os
import time

import cv2
import numpy as np
import torch
from torch.nn import functional

import plates
from glyphs import ALPHABET
from recogniser_net import PLACES, Recogniser

RING = 120_000
LONGEST = 14
IGNORED = -100


def ring(work, mode):
  return (np.memmap(f"{work}/ring.images", np.uint8, mode, shape=(RING, plates.HEIGHT, plates.WIDTH)),
          np.memmap(f"{work}/ring.labels", np.int16, mode, shape=(RING, LONGEST + 2)))  # characters, their number, country


def encode(text, country, codes):
  row = np.zeros(LONGEST + 2, np.int16)
  row[:len(text)] = [ALPHABET.index(c) + 1 for c in text]
  row[LONGEST] = len(text)
  row[LONGEST + 1] = IGNORED if country is None else codes.index(country)
  return row


def make(work, shared, formats, codes, seed, index, makers, made, used):
  """A maker fills its own share of the ring, over and over, but no faster than a new plate for three that training has used."""
  cv2.setNumThreads(1)
  source = plates.Plates(shared, seed, formats=formats)
  images, labels = ring(work, "r+")
  slot = index
  parent = os.getppid()
  while os.getppid() == parent:
    if made[index] * makers > 12_000 + used.value / 3:
      time.sleep(.2)
      continue
    for image, text, country in source.samples():
      if len(text) > LONGEST:
        continue
      images[slot % RING], labels[slot % RING] = image, encode(text, country, codes)
      slot += makers
      made[index] += 1


def decode(logits):
  """Greedy CTC."""
  texts = []
  for row in logits.argmax(-1).tolist():
    texts.append("".join(ALPHABET[c - 1] for i, c in enumerate(row) if c and (i == 0 or row[i - 1] != c)))
  return texts


def distance(a, b):
  row = list(range(len(b) + 1))
  for i, x in enumerate(a):
    last, row[0] = row[0], i + 1
    for j, y in enumerate(b):
      last, row[j + 1] = row[j + 1], min(row[j + 1] + 1, row[j] + 1, last + (x != y))
  return row[-1]


def measure(net, images, texts, countries):
  """Exact and per-character rate of a labelled set, and the country's rate where there is one."""
  net.eval()
  with torch.no_grad():
    found, named = [], []
    for i in range(0, len(images), 250):
      text, country = net((torch.from_numpy(images[i:i + 250]).float().unsqueeze(1) - 128) / 128)
      found += decode(text)
      named += country.argmax(1).tolist()
  net.train()
  wrong = sum(min(distance(f, t), len(t)) for f, t in zip(found, texts))
  known = [(n, c) for n, c in zip(named, countries) if c != IGNORED]
  return {"exact": sum(f == t for f, t in zip(found, texts)) / len(texts), "characters": 1 - wrong / max(1, sum(map(len, texts))),
          "folded": sum(f.replace("O", "0") == t.replace("O", "0") for f, t in zip(found, texts)) / len(texts),
          "country": sum(n == c for n, c in known) / max(1, len(known))}


def test_split(shared, formats, codes, count, seed=20_011):
  """Faces that training never draws."""
  source = plates.Plates(shared, seed, held_out=True, formats=formats)
  out = []
  while len(out) < count:
    out += source.samples()
  out = out[:count]
  return np.stack([o[0] for o in out]), [o[1] for o in out], [IGNORED if o[2] is None else codes.index(o[2]) for o in out]


def main():
  p = argparse.ArgumentParser()
  p.add_argument("work")
  p.add_argument("--shared", default=os.environ.get("RAMPA_SHARED_DATA", "../shared/data"))
  p.add_argument("--formats", default=plates.FORMATS)
  p.add_argument("--minutes", type=float, default=75, help="the learning rate falls over so many minutes, then it ends")
  p.add_argument("--makers", type=int, default=1)
  p.add_argument("--seed", type=int, default=1)
  p.add_argument("--batch", type=int, default=64)
  p.add_argument("--rate", type=float, default=2e-3)
  p.add_argument("--width", type=float, default=.75)
  a = p.parse_args()
  torch.set_num_threads(1)
  torch.set_flush_denormal(True)
  os.makedirs(a.work, exist_ok=True)
  codes = [c["code"] for c in json.load(open(a.formats, encoding="utf-8"))["countries"]] + [""]

  torch.manual_seed(a.seed)
  net = Recogniser(len(codes) - 1, a.width).to(memory_format=torch.channels_last)
  optimiser = torch.optim.AdamW(net.parameters(), a.rate, betas=(.9, .99), weight_decay=1e-3)
  mean = {k: v.clone() for k, v in net.state_dict().items()}  # a running mean of the weights: what is exported
  step, cycle = 0, 0
  state_file = f"{a.work}/state.pt"
  if os.path.exists(state_file):
    state = torch.load(state_file)
    net.load_state_dict(state["net"])
    optimiser.load_state_dict(state["optimiser"])
    mean, step, cycle = state["mean"], state["step"], state["cycle"] + 1

  ring(a.work, "w+")
  made, used = multiprocessing.Array("q", a.makers), multiprocessing.Value("q", 0)
  for i in range(a.makers):
    seed = a.seed * 1_000_003 + cycle * 1_009 + i
    multiprocessing.Process(target=make, args=(a.work, a.shared, a.formats, codes, seed, i, a.makers, made, used), daemon=True).start()
  images, labels = ring(a.work, "r")
  test = test_split(a.shared, a.formats, codes, 1500)
  judge = Recogniser(len(codes) - 1, a.width)
  rng = np.random.default_rng(a.seed + cycle)
  torch.manual_seed(a.seed + cycle)
  while min(made) * a.makers < 6000:
    time.sleep(1)

  def save():
    torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "mean": mean, "step": step, "cycle": cycle, "codes": codes,
                "width": a.width, "arguments": vars(a)}, state_file + ".new")
    os.replace(state_file + ".new", state_file)

  start, losses = time.time(), []
  last = saved = start
  first_step = step
  while True:
    share = (time.time() - start) / (a.minutes * 60)
    if share >= 1:
      break
    warm = min(1, (step - first_step + 1) / 300)
    for group in optimiser.param_groups:
      group["lr"] = a.rate * warm * (.01 + .99 * (1 + math.cos(math.pi * share)) / 2)
    filled = min(RING, min(made) * a.makers)
    pick = np.sort(rng.integers(0, filled, a.batch))
    x = (torch.from_numpy(images[pick]).float().unsqueeze(1) - 128) / 128
    # a plate is met several times before the ring is renewed: never in quite the same light
    x = (x * (torch.rand(a.batch, 1, 1, 1) * .5 + .65) + (torch.rand(a.batch, 1, 1, 1) - .5) * .4).clamp_(-1, 1)
    y = torch.from_numpy(labels[pick].astype(np.int64))
    text, country = net(x.contiguous(memory_format=torch.channels_last))
    ctc = functional.ctc_loss(text.log_softmax(-1).transpose(0, 1), y[:, :LONGEST], torch.full((a.batch,), PLACES), y[:, LONGEST],
                              reduction="sum", zero_infinity=True) / a.batch
    named = functional.cross_entropy(country, y[:, LONGEST + 1], ignore_index=IGNORED)
    optimiser.zero_grad(set_to_none=True)
    (ctc + .4 * named).backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
    optimiser.step()
    step += 1
    used.value += a.batch
    keep = min(.999, step / (step + 20))
    for k, v in net.state_dict().items():
      if v.dtype.is_floating_point:
        mean[k].mul_(keep).add_(v, alpha=1 - keep)
    losses.append((float(ctc.detach()), float(named.detach())))
    if step % 100 == 0 and time.time() - saved > 150:
      saved = time.time()
      save()
    if step % 100 == 0 and time.time() - last > 500:
      last = time.time()
      judge.load_state_dict(mean)
      rates = measure(judge, *test)
      print(f"{(time.time() - start) / 60:.1f} min, step {step}, made {sum(made)}, ctc {np.mean(losses, 0)[0]:.3f}, country {np.mean(losses, 0)[1]:.3f}, test "
            + ", ".join(f"{k} {v:.4f}" for k, v in rates.items()), flush=True)
      losses = []
  save()
  judge.load_state_dict(mean)
  print("end, step", step, "made", sum(made), {k: round(v, 4) for k, v in measure(judge, *test_split(a.shared, a.formats, codes, 5000)).items()}, flush=True)


if __name__ == "__main__":
  main()
