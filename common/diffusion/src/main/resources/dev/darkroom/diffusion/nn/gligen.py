# Objects in boxes, and attention of a map's positions to them (GLIGEN, Li et al. 2023), over the blocks of blocks.py.

# Boxes [N, M, 4], their corners' coordinates as sinusoids of eight frequencies: [N, M, 64] float32.
def box_features(self, boxes: Tensor) -> Tensor:
  n, m, corners = boxes.shape
  frequencies = torch.pow(100, torch.arange(8, dtype=6, device=boxes.device) / 8)
  angles = boxes.to(6)[:, :, :, None] * frequencies
  return torch.stack([torch.sin(angles), torch.cos(angles)], -1).permute(0, 1, 3, 4, 2).reshape(n, m, 64)

# x [N, M, C] where the mask [N, M] is one, the learned stand-in [C] where it is zero.
def where_there(self, x: Tensor, mask: Tensor, stand_in: Tensor) -> Tensor:
  there = mask.to(6)[:, :, None]
  return x * there + (1 - there) * stand_in

# Tokens of objects, from the embeddings [N, M, C] that say what they are and the boxes that say where. absent and absent_box
# stand for those that are not there. layers: an MLP of three.
def object_tokens(self, boxes: Tensor, box_mask: Tensor, embeddings: Tensor, mask: Tensor, absent: Tensor, absent_box: Tensor, layers: List[Layer]) -> Tensor:
  what = self.where_there(embeddings, mask, absent)
  where = self.where_there(self.box_features(boxes), box_mask, absent_box)
  x = torch.silu(self.linear(torch.cat([what, where], -1), layers[0]))
  return self.linear(torch.silu(self.linear(x, layers[1])), layers[2])

# Positions x [N, T, C] look at each other and at objects [N, M, D]; then an MLP, and each of both as far as its gate opens it.
# norms: norm1, norm2. layers: linear, attn (4), ff.net.0.proj, ff.net.2. gates: alpha_attn, alpha_dense.
def run_fuser(self, x: Tensor, objects: Tensor, norms: List[Norm], layers: List[Layer], gates: List[Tensor], heads: int) -> Tensor:
  seen = torch.to(self.linear(objects, layers[0]), x.dtype)
  h = self.layer_norm(torch.cat([x, seen], 1), norms[0])
  x = x + torch.tanh(gates[0]) * self.attention(h[:, :x.shape[1]], h, None, layers, 1, heads)
  return x + torch.tanh(gates[1]) * self.feed_forward(self.layer_norm(x, norms[1]), layers, 5)
