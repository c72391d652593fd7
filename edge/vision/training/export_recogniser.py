#!/usr/bin/python3
"""Writes the recogniser as ONNX that OpenCV 4.6 reads, and its alphabet and countries beside it.

  export_recogniser.py WORK/state.pt ../models        (writes plate_recogniser.onnx and plates.json there)"""
import argparse
import io
import json
import os

import cv2
import numpy as np
import onnx
import torch
from torch import nn

import plates
from glyphs import ALPHABET
from recogniser_net import PLACES, Recogniser


def without_identities(model):
  """torch 1.13 merges equal initialisers into Identity nodes, which OpenCV 4.6 refuses: every consumer gets a copy of its own."""
  graph = model.graph
  constants = {i.name: i for i in graph.initializer}
  for node in [n for n in graph.node if n.op_type == "Identity" and n.input[0] in constants]:
    copy = onnx.TensorProto()
    copy.CopyFrom(constants[node.input[0]])
    copy.name = node.output[0]
    graph.initializer.append(copy)
    graph.node.remove(node)
  return model


class Fused(nn.Module):
  """The net with batch normalisation folded into the convolutions, and outputs in the shapes that are promised."""

  def __init__(self, net):
    super().__init__()
    self.net = net.eval()
    for block in [m for m in self.net.modules() if isinstance(m, nn.Sequential) and len(m) == 3 and isinstance(m[1], nn.BatchNorm2d)]:
      block[0], block[1] = torch.nn.utils.fuse_conv_bn_eval(block[0], block[1]), nn.Identity()

  def forward(self, x):
    f = self.net.body(x)
    text = self.net.text(f)                                                      # 1 x C x 1 x T
    return text.reshape(1, -1, PLACES).permute(0, 2, 1), self.net.country(f).flatten(1)


def main():
  p = argparse.ArgumentParser()
  p.add_argument("state")
  p.add_argument("folder")
  a = p.parse_args()
  state = torch.load(a.state, map_location="cpu")
  codes = state["codes"]
  net = Recogniser(len(codes) - 1, state["width"])
  net.load_state_dict(state["mean"])
  fused = Fused(net).eval()
  buffer = io.BytesIO()
  torch.onnx.export(fused, torch.zeros(1, 1, plates.HEIGHT, plates.WIDTH), buffer, opset_version=11, input_names=["image"], output_names=["text", "country"])
  os.makedirs(a.folder, exist_ok=True)
  path = os.path.join(a.folder, "plate_recogniser.onnx")
  onnx.save(without_identities(onnx.load_from_string(buffer.getvalue())), path)

  told = cv2.dnn.readNetFromONNX(path)
  worst = 0
  generator = np.random.default_rng(7)
  for _ in range(20):
    x = generator.uniform(-1, 1, (1, 1, plates.HEIGHT, plates.WIDTH)).astype(np.float32)
    told.setInput(x)
    text, country = told.forward(["text", "country"])
    with torch.no_grad():
      expected = fused(torch.from_numpy(x))
    assert text.shape == tuple(expected[0].shape) and country.shape == tuple(expected[1].shape)
    worst = max(worst, np.abs(text - expected[0].numpy()).max(), np.abs(country - expected[1].numpy()).max())
  assert worst < 1e-4, worst
  about = {"schema": 1,
           "recogniser": {"alphabet": ALPHABET, "countries": codes[:-1] + ["unknown"], "input": [plates.HEIGHT, plates.WIDTH],
                          "margin": [plates.MARGIN_X, plates.MARGIN_Y], "places": PLACES, "two_line_split": .5}}
  json.dump(about, open(os.path.join(a.folder, "plates.json"), "w", encoding="utf-8"), ensure_ascii=False, indent=2)
  print(f"{path}: {os.path.getsize(path)} bytes, OpenCV {cv2.__version__} differs from torch by at most {worst:.1e}; step {state['step']}")


if __name__ == "__main__":
  main()
