# SqueezeNet v1.1 up to its last fire module. Iandola et al. 2016. p: weight and bias of conv1, then of squeeze1x1,
# expand1x1 and expand3x3 of fire2 to fire9.
def layer(self, x: Tensor, p: List[Tensor], i: int, stride: int, padding: int) -> Tensor:
  return torch.relu(torch.conv2d(x, p[2 * i], p[2 * i + 1], [stride, stride], [padding, padding], [1, 1], 1))

def fire(self, x: Tensor, p: List[Tensor], n: int) -> Tensor:
  i = 3 * n - 5
  s = (self).layer(x, p, i, 1, 0)
  return torch.cat([(self).layer(s, p, i + 1, 1, 0), (self).layer(s, p, i + 2, 1, 1)], 1)

def pool(self, x: Tensor) -> Tensor:
  return torch.max_pool2d(x, [3, 3], [2, 2], [0, 0], [1, 1], True)

def normalised(self, x: Tensor) -> Tensor:
  return x / torch.sqrt(torch.sum(x * x, [1], True) + 1e-8)

# The seven taps of LPIPS, each with unit length along the channels. x [N, 3, H, W] RGB in [-1, 1].
def taps(self, x: Tensor, mean: Tensor, p: List[Tensor]) -> List[Tensor]:
  h = (self).layer(x * 127.5 + 127.5 - mean, p, 0, 2, 0)
  found = [(self).normalised(h)]
  h = (self).fire((self).fire((self).pool(h), p, 2), p, 3)
  found.append((self).normalised(h))
  h = (self).fire((self).fire((self).pool(h), p, 4), p, 5)
  found.append((self).normalised(h))
  h = (self).pool(h)
  for n in range(6, 10):
    h = (self).fire(h, p, n)
    found.append((self).normalised(h))
  return found

# Zhang et al. 2018, equation 1; the mean over the batch.
def distance(self, x: Tensor, target: List[Tensor], mean: Tensor, p: List[Tensor], heads: List[Tensor]) -> Tensor:
  found = (self).taps(x, mean, p)
  sums = annotate(List[Tensor], [])
  for i in range(len(found)):
    d = found[i] - target[i]
    sums.append(torch.mean(torch.conv2d(d * d, heads[i].view([1, -1, 1, 1]), None, [1, 1], [0, 0], [1, 1], 1)))
  return torch.sum(torch.stack(sums))

def pooled(self, x: Tensor, mean: Tensor, p: List[Tensor]) -> Tensor:
  found = annotate(List[Tensor], [])
  for tap in (self).taps(x, mean, p):
    found.append(torch.mean(tap, [2, 3]))
  return torch.cat(found, 1)

def dequantised(self, bytes: Tensor, range: Tensor) -> Tensor:
  return range[0] + bytes.to(6) / 255.0 * (range[1] - range[0])
