# What adapters add to a layer, over `bare_conv`. A layer keeps the factors of each adapter that changes it, by the adapter's number;
# all layers of a model share the strengths, which say which rows of the batch an adapter acts on now, and how strongly.

def strengths(self) -> Strengths:
  return annotate(Strengths, {})

def set_strength(self, strengths: Strengths, adapter: int, rows: Tensor, strength: Tensor) -> int:
  # Copies: what Java made of its own memory goes with the array there.
  strengths[adapter] = (torch.clone(rows), torch.clone(strength))
  return len(strengths)

def clear_strengths(self, strengths: Strengths) -> int:
  strengths.clear()
  return 0

# factors: down, [mid], up; or one alone, the whole change. scale is alpha / rank.
def attach(self, layer: Layer, adapter: int, factors: List[Tensor], scale: float) -> int:
  weight, biases, stride, padding, changes, strengths = layer
  changes[adapter] = (factors, scale, annotate(List[Tensor], []))
  return len(changes)

# The same with magnitudes [out] (DoRA, Liu et al. 2024): W + c D is brought to them, an output at a time. Three sums for each output
# tell its norm at any strength c: |W + c D|^2 = |W|^2 + 2 c <W, D> + c^2 |D|^2.
def attach_decomposed(self, layer: Layer, adapter: int, factors: List[Tensor], scale: float, magnitude: Tensor) -> int:
  weight, biases, stride, padding, changes, strengths = layer
  w = torch.flatten(self.dense_weight(layer), 1)
  d = torch.flatten(self.product(factors), 1)
  changes[adapter] = (factors, scale, [magnitude, torch.sum(w * w, [1]), torch.sum(w * d, [1]), torch.sum(d * d, [1])])
  return len(changes)

# The change D of a layer's weight, its taps flat or not.
def product(self, factors: List[Tensor]) -> Tensor:
  if len(factors) == 1:
    return factors[0]
  down, up = torch.flatten(factors[0], 1), torch.flatten(factors[-1], 1)
  if len(factors) == 3:
    return torch.einsum("op,pqkl,qi->oikl", [up, factors[1], down])
  return torch.matmul(up, down)

def detach(self, layer: Layer, adapter: int) -> int:
  weight, biases, stride, padding, changes, strengths = layer
  changes.pop(adapter)
  return len(changes)

def low_rank(self, x: Tensor, factors: List[Tensor], stride: int, padding: int) -> Tensor:
  x = torch.to(x, factors[0].dtype)
  if len(factors) == 1:
    return torch.linear(x, factors[0]) if factors[0].dim() == 2 else self.bare_conv(x, factors[0], None, stride, padding)
  if factors[0].dim() == 2:
    return torch.linear(torch.linear(x, factors[0]), factors[1])
  if len(factors) == 3:
    h = self.bare_conv(self.bare_conv(x, factors[0], None, 1, 0), factors[1], None, stride, padding)
  else:
    h = self.bare_conv(x, factors[0], None, stride, padding)
  return self.bare_conv(h, factors[-1], None, 1, 0)

# What is added to rows y of a layer's answer, for d, what its change alone would add to them, at strengths c. The bias is no part of the
# weight that is brought to its magnitudes. An output with no weight at all stays at its bias.
def decomposed(self, y: Tensor, d: Tensor, c: Tensor, norms: List[Tensor], biases: List[Tensor], channels_last: bool) -> Tensor:
  c = c[:, None]
  gain = norms[0] / torch.sqrt(torch.clamp(norms[1] + 2 * c * norms[2] + c * c * norms[3], min=1e-20))
  ones = [1] * (y.dim() - 2)
  rows, out = gain.shape
  shape = [rows] + ones + [out] if channels_last else [rows, out] + ones
  gain = gain.view(shape)
  if len(biases) > 0:
    shape[0] = 1
    y = y - biases[0].view(shape)
  return (gain - 1) * y + gain * d

# y, the layer's own answer to x, with what the adapters add to those of its rows that they act on. Other rows stay as they are, and
# y keeps its layout in memory: the next layer computes other bits where it changes.
def adapted(self, y: Tensor, x: Tensor, biases: List[Tensor], changes: Changes, strengths: Strengths, stride: int, padding: int) -> Tensor:
  if len(strengths) == 0:
    return y
  for adapter in strengths.keys():
    if adapter in changes:
      rows, strength = strengths[adapter]
      factors, scale, norms = changes[adapter]
      some = rows.shape[0] < x.shape[0]
      d = self.low_rank(torch.index_select(x, 0, rows) if some else x, factors, stride, padding)
      d = d * (strength * scale).view([-1] + [1] * (d.dim() - 1))
      if len(norms) > 0:
        own = torch.index_select(y, 0, rows) if some else y
        d = self.decomposed(own, d, strength * scale, norms, biases, factors[0].dim() == 2)
      if some:
        y = y.index_add_(0, rows, torch.to(d, y.dtype))
      else:
        y = y.add_(d)
  return y
