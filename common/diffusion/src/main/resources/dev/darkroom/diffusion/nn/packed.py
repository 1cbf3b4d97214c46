# Layers on oneDNN, for inference on a CPU. PyTorch's own operators bring weights into oneDNN's order at every call, which at small
# maps takes longer than the convolution; here it is done once. oneDNN wants another order for another size of map, so a layer
# keeps its weights by size: under 0 as they came, until the first size is known. Packing writes to the layer: the caller sees to
# it that no other thread runs the layer meanwhile.
#
# Linear layers run as 1x1 convolutions over [N, C, T, 1], which is how channels_last stores [N, T, C]. oneDNN computes a
# convolution image by image, so a row does not depend on its neighbours; a matrix product of all rows at once does.

def layer(self, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int, strengths: Strengths) -> Layer:
  if weight.dim() == 2:
    weight = weight[:, :, None, None]
  packs = annotate(Dict[int, Tensor], {})
  packs[0] = weight
  biases = annotate(List[Tensor], [])
  if bias is not None:
    biases = [bias]
  return (packs, biases, stride, padding, annotate(Changes, {}), strengths)

def weight_for(self, layer: Layer, height: int, width: int) -> Tensor:
  packs, biases, stride, padding, changes, strengths = layer
  size = height * 1048576 + width
  if size in packs:
    return packs[size]
  if 0 in packs:
    weight = packs[0]
  else:
    weight = torch.to_dense(list(packs.values())[0])
  packed = ops.mkldnn._reorder_convolution_weight(weight, [padding, padding], [stride, stride], [1, 1], 1, [1, weight.shape[1], height, width])
  if 0 in packs:
    packs.clear()
  packs[size] = packed
  return packed

# Drops the weights for all sizes but one, from which others can be made again.
def forget(self, layer: Layer) -> int:
  packs, biases, stride, padding, changes, strengths = layer
  sizes = list(packs.keys())
  for i in range(1, len(sizes)):
    packs.pop(sizes[i])
  return len(sizes)

def bare_conv(self, x: Tensor, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int) -> Tensor:
  x = torch.contiguous(x, memory_format=2)
  return ops.mkldnn._convolution_pointwise(x, weight, bias, [padding, padding], [stride, stride], [1, 1], 1, "none", [], "")

def conv(self, x: Tensor, layer: Layer) -> Tensor:
  packs, biases, stride, padding, changes, strengths = layer
  weight = self.weight_for(layer, x.shape[2], x.shape[3])
  bias = annotate(Optional[Tensor], None)
  if len(biases) > 0:
    bias = biases[0]
  y = self.bare_conv(x, weight, bias, stride, padding)
  return self.adapted(y, x, changes, strengths, stride, padding)

def linear(self, x: Tensor, layer: Layer) -> Tensor:
  if x.dim() == 2:
    return torch.flatten(self.conv(x[:, :, None, None], layer), 1)
  y = self.conv(x.permute(0, 2, 1)[:, :, :, None], layer)
  return y[:, :, :, 0].permute(0, 2, 1)

# PyTorch's channels_last kernel for small maps goes through each group of a position by itself: slow where groups are narrow.
def group_norm(self, x: Tensor, norm: Norm) -> Tensor:
  weight, bias, groups, eps = norm
  n, c, h, w = x.shape
  if h * w >= 1024 or c // groups >= 16:
    return torch.group_norm(x, groups, weight, bias, eps)
  each = c // groups
  count = each * h * w
  t = x.permute(0, 2, 3, 1).reshape(n, h * w, c)
  mean = torch.sum(torch.sum(t, [1]).view(n, groups, each), [2], True) / count
  t = t - mean.expand(n, groups, each).reshape(n, 1, c)
  variance = torch.sum(torch.sum(t * t, [1]).view(n, groups, each), [2], True) / count
  scale = torch.rsqrt(variance + eps).expand(n, groups, each).reshape(n, 1, c) * weight
  return torch.addcmul(bias, t, scale).view(n, h, w, c).permute(0, 3, 1, 2)
