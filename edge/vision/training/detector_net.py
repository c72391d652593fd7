"""The plate detector's net: grey frame in, stride-8 heat map and corner offsets out.

Plain convolutions only, so that OpenCV's dnn runs it fast and torch's export needs no tricks. The last stage widens its
view by dilation rather than by a sixth stride: sizes stay multiples of 32, and a plate across half of the frame is still
seen whole.
"""
import torch
from torch import nn
import torch.nn.functional as F

STRIDE = 8
CHANNELS = 10  # plate, two lines, then x and y of top-left, top-right, bottom-right, bottom-left


def block(inputs, outputs, stride=1, dilation=1):
  return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class Detector(nn.Module):
  def __init__(self, widths=(16, 32, 48, 64), neck=32, dilations=(1, 2, 3)):
    super().__init__()
    a, b, c, d = widths
    # One wide step from grey straight to a quarter: layers at half the frame's size would take a third of all the time.
    self.to4 = nn.Sequential(nn.Conv2d(1, a, 8, 4, 2, bias=False), nn.BatchNorm2d(a), nn.ReLU())
    self.to8 = nn.Sequential(block(a, b, 2), block(b, b))
    self.to16 = nn.Sequential(block(b, c, 2), block(c, c))
    self.to32 = nn.Sequential(block(c, d, 2), *[block(d, d, 1, k) for k in dilations])
    self.side8, self.side16, self.side32 = nn.Conv2d(b, neck, 1), nn.Conv2d(c, neck, 1), nn.Conv2d(d, neck, 1)
    self.merge16 = block(neck, neck)
    self.head = nn.Sequential(block(neck, neck), nn.Conv2d(neck, CHANNELS, 1))
    with torch.no_grad():  # plates are rare: begin with "no" everywhere, and with corners of a plate of usual shape
      self.head[1].bias.copy_(torch.tensor([-4.0, -2.0, -5, -1.2, 5, -1.2, 5, 1.2, -5, 1.2]))

  def forward(self, x):
    x8 = self.to8(self.to4(x))
    x16 = self.to16(x8)
    x32 = self.to32(x16)
    y16 = self.merge16(self.side16(x16) + F.interpolate(self.side32(x32), scale_factor=2.0, mode="nearest"))
    return self.head(self.side8(x8) + F.interpolate(y16, scale_factor=2.0, mode="nearest"))
