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
  changes[adapter] = (factors, scale)
  return len(changes)

def detach(self, layer: Layer, adapter: int) -> int:
  weight, biases, stride, padding, changes, strengths = layer
  changes.pop(adapter)
  return len(changes)

def low_rank(self, x: Tensor, factors: List[Tensor], stride: int, padding: int) -> Tensor:
  if len(factors) == 1:
    return torch.linear(x, factors[0]) if factors[0].dim() == 2 else self.bare_conv(x, factors[0], None, stride, padding)
  if factors[0].dim() == 2:
    return torch.linear(torch.linear(x, factors[0]), factors[1])
  if len(factors) == 3:
    h = self.bare_conv(self.bare_conv(x, factors[0], None, 1, 0), factors[1], None, stride, padding)
  else:
    h = self.bare_conv(x, factors[0], None, stride, padding)
  return self.bare_conv(h, factors[-1], None, 1, 0)

# y, the layer's own answer to x, with what the adapters add to those of its rows that they act on. Other rows stay as they are, and
# y keeps its layout in memory: the next layer computes other bits where it changes.
def adapted(self, y: Tensor, x: Tensor, changes: Changes, strengths: Strengths, stride: int, padding: int) -> Tensor:
  if len(strengths) == 0:
    return y
  for adapter in strengths.keys():
    if adapter in changes:
      rows, strength = strengths[adapter]
      factors, scale = changes[adapter]
      some = rows.shape[0] < x.shape[0]
      d = self.low_rank(torch.index_select(x, 0, rows) if some else x, factors, stride, padding)
      d = d * (strength * scale).view([-1] + [1] * (d.dim() - 1))
      if some:
        y = y.index_add_(0, rows, d)
      else:
        y = y.add_(d)
  return y
