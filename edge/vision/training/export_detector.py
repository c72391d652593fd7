#!/usr/bin/python3
"""Writes the trained detector as ONNX for OpenCV's dnn and proves that both give the same answer.

  export_detector.py --run RUN.pt [--out ../models/plate_detector.onnx]
"""
import argparse
import os

import numpy as np
import onnx
import torch

import detector_net

HERE = os.path.dirname(os.path.abspath(__file__))


def write(net, path, height=352, width=640):
  net.eval()
  torch.onnx.export(net, torch.zeros(1, 1, height, width), path, opset_version=11, input_names=["frame"], output_names=["plates"])
  model = onnx.load(path)
  # torch merges equal initialisers into Identity nodes, which OpenCV 4.6 refuses: each consumer gets its own copy.
  weights = {i.name: i for i in model.graph.initializer}
  for node in [n for n in model.graph.node if n.op_type == "Identity" and n.input[0] in weights]:
    copy = onnx.TensorProto()
    copy.CopyFrom(weights[node.input[0]])
    copy.name = node.output[0]
    model.graph.initializer.append(copy)
    model.graph.node.remove(node)
  onnx.checker.check_model(model)
  onnx.save(model, path)


def compare(net, path, sizes=((352, 640), (192, 320), (544, 960), (416, 544))):
  """The greatest difference between torch and OpenCV over several sizes: the net must not be bound to one."""
  import cv2
  worst = 0.0
  rng = np.random.default_rng(1)
  for height, width in sizes:
    frame = rng.normal(0, 0.5, (1, 1, height, width)).astype(np.float32)
    peer = cv2.dnn.readNetFromONNX(path)
    peer.setInput(frame)
    with torch.no_grad():
      worst = max(worst, float(np.abs(peer.forward() - net(torch.from_numpy(frame)).numpy()).max()))
  return worst


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("--run", required=True, help="what train_detector.py wrote")
  parser.add_argument("--out", default=os.path.join(HERE, "../models/plate_detector.onnx"))
  options = parser.parse_args()
  state = torch.load(options.run, map_location="cpu")
  net = detector_net.Detector()
  net.load_state_dict(state["average"])
  net.eval()
  write(net, options.out)
  worst = compare(net, options.out)
  print("%s: %d bytes, step %d, greatest difference to torch %.1e" % (options.out, os.path.getsize(options.out), state["step"], worst))
  assert worst < 1e-4


if __name__ == "__main__":
  main()
