# Layers on oneDNN, for inference on a CPU. PyTorch's own operators bring weights into oneDNN's order at every call, which at small
# maps takes longer than the convolution; here it is done once.
#
# A weight is (packs, scales, dtype), and says by itself how its layer runs. Floating weights have no scales; what goes in is cast to
# their dtype, and what comes out is float32: all between the layers is. oneDNN wants another order for another size of map, so such a
# layer keeps its weights by size: under 0 as they came, until the first size is known; those may be a file's own bytes, of another
# dtype. Under -1 they stay as they came: such a layer packs nothing. Packing writes to the layer: the caller sees to it that no other
# thread runs the layer meanwhile.
#
# Linear layers run as 1x1 convolutions over [N, C, T, 1], which is how channels_last stores [N, T, C]. oneDNN computes a
# convolution image by image, so a row does not depend on its neighbours; a matrix product of all rows at once does. For small layers
# oneDNN takes longer to find its kernel than the kernel takes: theirs stays a matrix, multiplied a row of the batch at a time.

# [out, in, k, k] in the usual order.
def as_convolution(self, weight: Tensor) -> Tensor:
  if weight.is_mkldnn:
    weight = torch.to_dense(weight)
  if weight.dim() == 2:
    return torch.unsqueeze(torch.unsqueeze(weight, 2), 3)
  return weight

# Beyond a few numbers, products of a cold matrix take longer than what oneDNN needs around one that is in its order.
def multiplies(self, weight: Tensor, dtype: int, stride: int, padding: int, positions: int) -> bool:
  out, channels, height, width = weight.shape
  size = out * channels
  return dtype == 6 and height * width == 1 and stride == 1 and padding == 0 and size <= 32768 and size * positions <= 1048576

def made_layer(self, pack: Tensor, scales: List[Tensor], dtype: int, bias: Optional[Tensor], stride: int, padding: int, strengths: Strengths) -> Layer:
  packs = annotate(Dict[int, Tensor], {})
  packs[0] = pack
  biases = annotate(List[Tensor], [])
  if bias is not None:
    biases = [bias]
  return ((packs, scales, dtype), biases, stride, padding, annotate(Changes, {}), strengths)

def layer(self, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int, strengths: Strengths) -> Layer:
  return self.made_layer(self.as_convolution(weight), annotate(List[Tensor], []), 6, bias, stride, padding, strengths)

# Multiplies straight from what it was given: where a layer runs once for many runs of others, a packed copy mostly lies in memory.
def streamed_layer(self, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int, strengths: Strengths) -> Layer:
  layer = self.layer(weight, bias, stride, padding, strengths)
  packs = layer[0][0]
  packs[-1] = packs.pop(0)
  return layer

def half_layer(self, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int, strengths: Strengths) -> Layer:
  if ops.prim.dtype(weight) == 6:
    weight = torch.to(weight, 15)
  return self.made_layer(self.as_convolution(weight), annotate(List[Tensor], []), 15, bias, stride, padding, strengths)

# [out, in, k, k] divided by the scale of its channel and rounded to 8 bits, a piece at a time: what lies between stays in the processor's
# caches, where the whole in float32 would be written and read three times.
def rounded(self, weight: Tensor, scale: Tensor) -> Tensor:
  rows = torch.flatten(weight, 1)
  out = torch.empty_like(rows, dtype=1)
  piece = max(1, 1048576 // rows.shape[1])
  for i in range((rows.shape[0] + piece - 1) // piece):
    part = torch.to(rows[i * piece:(i + 1) * piece], 6) / torch.unsqueeze(scale[i * piece:(i + 1) * piece], 1)
    out[i * piece:(i + 1) * piece].copy_(torch.round_(part))
  return out.view(weight.shape)

# A weight of 8 bits, with a scale for each channel that comes out. It is packed in the order that maps of 64 positions and more want,
# all but a few; the weights of smaller maps are brought into theirs at every call.
def int8_layer(self, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int, strengths: Strengths) -> Layer:
  w = self.as_convolution(weight)
  greatest = torch.maximum(torch.amax(w, [1, 2, 3]), torch.neg(torch.amin(w, [1, 2, 3])))
  scale = torch.clamp(torch.to(greatest, 6), min=1e-12) / 127
  rounded = self.rounded(w, scale)
  # The zero point that is named here only says that inputs will have one.
  pack = ops.onednn.qconv_prepack(rounded, scale, 1., 1, [stride, stride], [padding, padding], [1, 1], 1, [1, rounded.shape[1], 64, 64])
  scales = [scale, torch.zeros_like(scale, dtype=3)]
  return self.made_layer(pack, scales, 1, bias, stride, padding, strengths)

# oneDNN may want another order for one row than for several, which all want the same. A weight in the wrong order is not refused: it
# is brought into the right one at every call, by a loop that takes longer than all the rest. Most sizes want the same order, though,
# and then share one tensor.
def weight_for(self, layer: Layer, rows: int, height: int, width: int, corner: int=0) -> Tensor:
  weight, biases, stride, padding, changes, strengths = layer
  packs, scales, dtype = weight
  rows = min(rows, 2)
  size = ((corner * 4 + rows) * 1048576 + height) * 1048576 + width
  if size in packs:
    return packs[size]
  if -1 in packs:
    return torch.to(torch.flatten(packs[-1], 1), dtype)
  dense = self.as_convolution(self.whole(packs))
  if corner > 0:
    dense = self.folded(torch.to(dense, 6), corner)
  dense = torch.to(dense, dtype)
  if self.multiplies(dense, dtype, stride, padding, height * width):
    packed = torch.clone(torch.flatten(dense, 1))
  else:
    packed = self.reordered(dense, stride, padding, [rows, dense.shape[1], height, width])
  if corner == 0 and 0 in packs:
    packs.pop(0)
  for other in packs.keys():
    # 4 * 1048576 * 1048576 sizes for each corner.
    if other // 4398046511104 == corner:
      if other > 0 and self.same_order(packs[other], packed):
        packed = packs[other]
  packs[size] = packed
  return packed

# The first operator would first bring a weight [out, in, 3, 3] into the order of a channels_last map, which takes as long as the rest.
def reordered(self, dense: Tensor, stride: int, padding: int, size: List[int]) -> Tensor:
  if dense.shape[2] == 1:
    return ops.mkldnn._reorder_convolution_weight(dense, [padding, padding], [stride, stride], [1, 1], 1, size)
  return torch.mkldnn_reorder_conv2d_weight(torch.to_mkldnn(dense), [padding, padding], [stride, stride], [1, 1], 1, size)

def same_order(self, a: Tensor, b: Tensor) -> bool:
  if a.is_mkldnn and b.is_mkldnn:
    return torch.equal(ops.mkldnn._get_mkldnn_serialized_md(a), ops.mkldnn._get_mkldnn_serialized_md(b))
  return a.is_mkldnn == b.is_mkldnn

# The weight as it came or as some size wants it, not a corner of it: those have the greater keys.
def whole(self, packs: Dict[int, Tensor]) -> Tensor:
  return packs[min(list(packs.keys()))]

# The weight as it computes, [out, in, k, k] float32.
def dense_weight(self, layer: Layer) -> Tensor:
  weight, biases, stride, padding, changes, strengths = layer
  packs, scales, dtype = weight
  dense = torch.to(torch.to(self.as_convolution(self.whole(packs)), dtype), 6)
  if len(scales) > 0:
    dense = dense * scales[0][:, None, None, None]
  return dense

# Drops the weights for all sizes but one, from which others can be made again.
def forget(self, layer: Layer) -> int:
  weight, biases, stride, padding, changes, strengths = layer
  packs, scales, dtype = weight
  kept = min(list(packs.keys()))
  for size in list(packs.keys()):
    if size != kept:
      packs.pop(size)
  return kept

def bare_conv(self, x: Tensor, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int) -> Tensor:
  dtype = ops.prim.dtype(weight)
  x = torch.contiguous(torch.to(x, dtype), memory_format=2)
  y = ops.mkldnn._convolution_pointwise(x, weight, bias, [padding, padding], [stride, stride], [1, 1], 1, "none", [], "")
  return y if dtype == 6 else torch.to(y, 6)

# What goes in is rounded to 8 bits between its least and its greatest value: a row at a time, or a row would depend on its neighbours.
def quantised_conv(self, x: Tensor, weight: Tensor, scales: List[Tensor], bias: Optional[Tensor], stride: int, padding: int) -> Tensor:
  rows = annotate(List[Tensor], [])
  for i in range(x.shape[0]):
    q = torch.quantize_per_tensor_dynamic(x[i:i + 1].permute(0, 2, 3, 1), 13, False)
    bytes = torch.int_repr(q).permute(0, 3, 1, 2)
    rows.append(ops.onednn.qconv2d_pointwise(bytes, torch.q_scale(q), torch.q_zero_point(q), weight, scales[0], scales[1], bias, [stride, stride], [padding, padding], [1, 1], 1, 1., 0, 6, "none", [], ""))
  if len(rows) == 1:
    return rows[0]
  return torch.cat(rows)

# x [N, T, in] or [N, in], weight [out, in]: as x, with out for in.
def multiplied(self, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
  x = torch.contiguous(x)
  if x.shape[0] == 1:
    return torch.linear(x, weight, bias)
  return torch.cat([torch.linear(x[i:i + 1], weight, bias) for i in range(x.shape[0])])

def conv(self, x: Tensor, layer: Layer) -> Tensor:
  weight, biases, stride, padding, changes, strengths = layer
  packs, scales, dtype = weight
  bias = annotate(Optional[Tensor], None)
  if len(biases) > 0:
    bias = biases[0]
  if len(scales) > 0:
    y = self.quantised_conv(x, packs[0], scales, bias, stride, padding)
  else:
    pack = self.weight_for(layer, x.shape[0], x.shape[2], x.shape[3])
    if pack.is_mkldnn:
      y = self.bare_conv(x, pack, bias, stride, padding)
    else:
      n, c, h, w = x.shape
      y = self.multiplied(x.permute(0, 2, 3, 1).reshape(n, h * w, c), pack, bias).view(n, h, w, -1).permute(0, 3, 1, 2)
  if len(strengths) == 0:
    return y
  return self.adapted(y, x, biases, changes, strengths, stride, padding)

# Small matrices of one input are multiplied as one, which is kept among the weights of the first as if it were a fifth corner. Empty
# where they are not small.
def joined(self, x: Tensor, layers: List[Layer]) -> Tensor:
  weight, biases, stride, padding, changes, strengths = layers[0]
  packs, scales, dtype = weight
  rows, positions, channels = x.shape
  size = ((5 * 4 + min(rows, 2)) * 1048576 + positions) * 1048576 + 1
  if size in packs:
    return packs[size]
  matrices = annotate(List[Tensor], [])
  if len(scales) == 0 and len(biases) == 0 and -1 not in packs:
    matrices = [self.weight_for(layer, rows, positions, 1) for layer in layers]
  small = len(matrices) > 0 and not any([matrix.is_mkldnn for matrix in matrices])
  packs[size] = torch.cat(matrices) if small else torch.empty([0])
  return packs[size]

# What layers without biases, such as to_q, to_k and to_v, make of the same x [N, T, C].
def projections(self, x: Tensor, layers: List[Layer]) -> List[Tensor]:
  matrix = self.joined(x, layers)
  if matrix.shape[0] == 0:
    return [self.linear(x, layer) for layer in layers]
  made = torch.chunk(self.multiplied(x, matrix, None), len(layers), -1)
  weight, biases, stride, padding, changes, strengths = layers[0]
  if len(strengths) == 0:
    return made
  return [self.adapted_sequence(made[i], x, layers[i]) for i in range(len(layers))]

# `adapted` for y [N, T, out] and x [N, T, in].
def adapted_sequence(self, y: Tensor, x: Tensor, layer: Layer) -> Tensor:
  weight, biases, stride, padding, changes, strengths = layer
  return self.as_sequence(self.adapted(self.as_map(y), self.as_map(x), biases, changes, strengths, stride, padding))

def linear(self, x: Tensor, layer: Layer) -> Tensor:
  weight, biases, stride, padding, changes, strengths = layer
  packs, scales, dtype = weight
  if len(scales) == 0 and len(strengths) == 0:
    pack = self.weight_for(layer, x.shape[0], x.shape[1] if x.dim() == 3 else 1, 1)
    if not pack.is_mkldnn:
      return self.multiplied(x, pack, biases[0] if len(biases) > 0 else None)
  if x.dim() == 2:
    return torch.flatten(self.conv(torch.unsqueeze(torch.unsqueeze(x, 2), 3), layer), 1)
  return self.as_sequence(self.conv(self.as_map(x), layer))

# PyTorch's channels_last kernel for maps of few positions goes through each group of a position by itself: slow where groups are narrow
# and do not fill its vectors. Of a map of few numbers, a copy channel by channel costs less than the operators that say the same.
def group_norm(self, x: Tensor, norm: Norm) -> Tensor:
  weight, bias, groups, eps = norm
  n, c, h, w = x.shape
  each = c // groups
  if h * w >= 1024 or each >= 16 or each == 8:
    return torch.group_norm(x, groups, weight, bias, eps)
  if c * h * w <= 8192:
    return torch.group_norm(torch.contiguous(x), groups, weight, bias, eps)
  count = each * h * w
  t = x.permute(0, 2, 3, 1).reshape(n, h * w, c)
  mean = torch.sum(torch.sum(t, [1]).view(n, groups, each), [2], True) / count
  t = t - mean.expand(n, groups, each).reshape(n, 1, c)
  variance = torch.sum(torch.sum(t * t, [1]).view(n, groups, each), [2], True) / count
  scale = torch.rsqrt(variance + eps).expand(n, groups, each).reshape(n, 1, c) * weight
  return torch.addcmul(bias, t, scale).view(n, h, w, c).permute(0, 3, 1, 2)

def norm(self, weight: Tensor, bias: Tensor, groups: int, eps: float) -> Norm:
  return (weight, bias, groups, eps)
