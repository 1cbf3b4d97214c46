# A 3x3 convolution over a map that was doubled by its nearest neighbours. Of nine positions it looks at, several are one position of
# the small map: each of the four corners of a doubled position sees only 2x2 of those, through taps that are summed once. Four 2x2
# convolutions over the small map do 2.25 times less than one over the large, and the large is never made.

# The taps along one side: those of the first of two positions, which sees its own and the one before, or of the second.
def halved(self, weight: Tensor, side: int, second: bool) -> Tensor:
  before, own, after = torch.unbind(weight, side)
  if second:
    return torch.stack([before + own, after], side)
  return torch.stack([before, own + after], side)

# What a corner, 1 to 4, makes of [out, in, 3, 3]: [out, in, 2, 2].
def folded(self, weight: Tensor, corner: int) -> Tensor:
  return self.halved(self.halved(weight, 2, corner > 2), 3, corner % 2 == 0)

# Weights of 8 bits stay whole, since a sum of two does not fit; and so do those that with their corners would take more memory than
# the map they save, which small maps are not worth.
def folds(self, x: Tensor, layer: Layer, height: int, width: int) -> bool:
  weight, biases, stride, padding, changes, strengths = layer
  packs, scales, dtype = weight
  n, c, h, w = x.shape
  return len(scales) == 0 and height == 2 * h and width == 2 * w and 3 * h * w >= 16 * c

def upsample(self, x: Tensor, layer: Layer, height: int, width: int) -> Tensor:
  if not self.folds(x, layer, height, width):
    return self.conv(torch.upsample_nearest2d(x, [height, width], None, None), layer)
  weight, biases, stride, padding, changes, strengths = layer
  packs, scales, dtype = weight
  bias = annotate(Optional[Tensor], None)
  if len(biases) > 0:
    bias = biases[0]
  n, c, h, w = x.shape
  if 0 in packs:
    # Whole it stays beside its corners, but not as it came: a file is mapped for as long as one of its weights is in use.
    self.weight_for(layer, n, height, width)
  small = torch.to(x, dtype)
  y = torch.empty([n, h, 2, w, 2, self.whole(packs).shape[0]], dtype=6)
  for corner in range(4):
    down, right = corner // 2, corner % 2
    # Padded on all sides, it is one larger than the map; what a corner needs of it starts at its own place.
    z = self.bare_conv(small, self.weight_for(layer, n, h, w, corner + 1), bias, 1, 1)
    y[:, :, down, :, right].copy_(z[:, :, down:down + h, right:right + w].permute(0, 2, 3, 1))
  y = y.view(n, height, width, -1).permute(0, 3, 1, 2)
  if len(strengths) == 0:
    return y
  return self.adapted(y, torch.upsample_nearest2d(x, [height, width], None, None), biases, changes, strengths, stride, padding)
