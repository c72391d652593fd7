"""The recogniser: convolutions only, CTC over 32 places, and a country beside it."""
import torch
from torch import nn

from glyphs import ALPHABET

PLACES = 32
CLASSES = len(ALPHABET) + 1  # 0 is the blank


def conv(i, o, kernel=3, stride=1, padding=1):
  return nn.Sequential(nn.Conv2d(i, o, kernel, stride, padding, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))


class Recogniser(nn.Module):
  def __init__(self, countries, width=1.):
    super().__init__()
    a, b, c, d = (int(v * width) // 8 * 8 for v in (32, 64, 96, 128))
    self.body = nn.Sequential(
      conv(1, a, stride=2),             # 16 x 64
      conv(a, a),
      conv(a, b, stride=2),             # 8 x 32
      conv(b, b),
      conv(b, c, stride=(2, 1)),        # 4 x 32
      conv(c, c),
      conv(c, d, (4, 3), 1, (0, 1)),    # 1 x 32
    )
    # A letter's neighbours tell its kind, the whole plate must not: 5 places see about 60 of 128 px.
    self.text = nn.Sequential(conv(d, d, (1, 3), 1, (0, 1)), nn.Dropout(.1), nn.Conv2d(d, CLASSES, 1))
    # The country may look at the whole: the layout, the band, the emblem's place.
    self.country = nn.Sequential(conv(d, 64, (1, 4), (1, 4), 0), nn.Dropout(.2), nn.Conv2d(64, 64, (1, 8)), nn.ReLU(inplace=True),
                                 nn.Conv2d(64, countries + 1, 1))

  def forward(self, x):
    f = self.body(x)
    return self.text(f).squeeze(2).transpose(1, 2), self.country(f).flatten(1)
