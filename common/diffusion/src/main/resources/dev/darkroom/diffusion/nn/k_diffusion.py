# The blocks of k-diffusion's U-Nets (Karras et al. 2022), over those of blocks.py. Time scales and shifts after every norm, which has
# no weights of its own, and maps are resized by a fixed filter.

# layer: from time to a scale and a shift for each channel.
def ada_group_norm(self, x: Tensor, temb: Tensor, layer: Layer, groups: int, eps: float) -> Tensor:
  t = torch.to(self.linear(temb, layer), x.dtype)
  scale, shift = torch.chunk(torch.unsqueeze(torch.unsqueeze(t, 2), 3), 2, 1)
  return torch.group_norm(x, groups, None, None, eps) * (1 + scale) + shift

# layers: norm1.linear, conv1, norm2.linear, conv2, [conv_shortcut]. groups: of norm1, of norm2.
def resnet_cond_norm(self, x: Tensor, skip: Optional[Tensor], temb: Tensor, layers: List[Layer], groups: List[int], eps: float, act: str) -> Tensor:
  if skip is not None:
    x = torch.cat([x, skip], 1)
  h = self.ada_group_norm(x, temb, layers[0], groups[0], eps)
  h = self.conv(self.activated(h, act), layers[1])
  h = self.ada_group_norm(h, temb, layers[2], groups[1], eps)
  h = self.conv(self.activated(h, act), layers[3])
  if len(layers) > 4:
    x = self.conv(x, layers[4])
  return x + h

# Attention of the positions of a map to a context [N, S, D], or without one to each other, and the residual. layers: norm.linear,
# to_q, to_k, to_v, to_out.0.
def k_attention(self, x: Tensor, temb: Tensor, context: Optional[Tensor], bias: Optional[Tensor], layers: List[Layer], groups: int, heads: int) -> Tensor:
  n, c, h, w = x.shape
  y = self.ada_group_norm(x, temb, layers[0], groups, 1e-05)
  y = y.permute(0, 2, 3, 1).reshape(n, h * w, c)
  y = self.attention(y, y if context is None else context, bias, layers, 1, heads)
  return y.view(n, h, w, c).permute(0, 3, 1, 2) + x

# Every other position along a side, filtered by (1, 3, 3, 1) / 8. The map is padded by one at both ends.
def halved_along(self, x: Tensor, side: int) -> Tensor:
  span = x.shape[side] // 2 * 2 - 3
  a, b, c, d = [torch.slice(x, side, i, i + span, 2) for i in range(4)]
  return 0.125 * (a + d) + 0.375 * (b + c)

def k_downsample(self, x: Tensor) -> Tensor:
  return self.halved_along(self.halved_along(torch.reflection_pad2d(x, [1, 1, 1, 1]), 2), 3)

# Two positions for each along a side, by the same filter: three quarters of it, one of its neighbour on that end.
def doubled_along(self, x: Tensor, side: int) -> Tensor:
  n = x.shape[side] - 2
  before, own, after = [torch.slice(x, side, i, i + n) for i in range(3)]
  return torch.flatten(torch.stack([0.75 * own + 0.25 * before, 0.75 * own + 0.25 * after], side + 1), side, side + 1)

def k_upsample(self, x: Tensor) -> Tensor:
  return self.doubled_along(self.doubled_along(torch.reflection_pad2d(x, [1, 1, 1, 1]), 2), 3)
