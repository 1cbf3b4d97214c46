# Layers on PyTorch's own operators, over `bare_conv` and `bare_linear`: what training records, and what a GPU runs.
# A norm answers in the type of its weights.

def layer(self, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int, strengths: Strengths) -> Layer:
  biases = annotate(List[Tensor], [])
  if bias is not None:
    biases = [bias]
  return (weight, biases, stride, padding, annotate(Changes, {}), strengths)

def dense_weight(self, layer: Layer) -> Tensor:
  weight, biases, stride, padding, changes, strengths = layer
  return torch.to(weight.detach(), 6)

def conv(self, x: Tensor, layer: Layer) -> Tensor:
  weight, biases, stride, padding, changes, strengths = layer
  bias = annotate(Optional[Tensor], None)
  if len(biases) > 0:
    bias = biases[0]
  y = self.bare_conv(x, weight, bias, stride, padding)
  return self.adapted(y, x, biases, changes, strengths, stride, padding)

def upsample(self, x: Tensor, layer: Layer, height: int, width: int) -> Tensor:
  return self.conv(torch.upsample_nearest2d(x, [height, width], None, None), layer)

# What several layers make of the same x.
def projections(self, x: Tensor, layers: List[Layer]) -> List[Tensor]:
  return [self.linear(x, layer) for layer in layers]

def linear(self, x: Tensor, layer: Layer) -> Tensor:
  weight, biases, stride, padding, changes, strengths = layer
  bias = annotate(Optional[Tensor], None)
  if len(biases) > 0:
    bias = biases[0]
  return self.adapted(self.bare_linear(x, weight, bias), x, biases, changes, strengths, stride, padding)

def group_norm(self, x: Tensor, norm: Norm) -> Tensor:
  weight, bias, groups, eps = norm
  return torch.group_norm(torch.to(x, weight.dtype), groups, weight, bias, eps)
