# The blocks of text encoders, over those of blocks.py.

# Rows of a table, of any floating type, as float32; ids past its end are rows of the table that was added to it.
def token_embedding(self, ids: Tensor, table: Tensor, added: Optional[Tensor]) -> Tensor:
  if added is None:
    return torch.to(torch.embedding(table, ids), 6)
  count = table.shape[0]
  known = torch.to(torch.embedding(table, torch.clamp(ids, max=count - 1)), 6)
  new = torch.embedding(added, torch.clamp(ids - count, min=0))
  return torch.where((ids >= count)[:, :, None], new, known)

# Tokens at their positions. ids [N, T].
def clip_embeddings(self, ids: Tensor, words: Tensor, added: Optional[Tensor], positions: Tensor) -> Tensor:
  return self.token_embedding(ids, words, added) + positions[:ids.shape[1]]

# Who attends to whom: [1 or N, 1, T, T], true where a token sees itself or one before it that is no padding.
def causal_mask(self, ids: Tensor, mask: Optional[Tensor]) -> Tensor:
  t = ids.shape[1]
  seen = torch.tril(torch.ones([t, t], dtype=11, device=ids.device))[None, None]
  if mask is not None:
    seen = torch.logical_and(seen, (mask != 0)[:, None, None, :])
  return seen

# A pre-norm layer. layers: q_proj, k_proj, v_proj, out_proj, fc1, fc2. norms: layer_norm1, layer_norm2.
def clip_layer(self, x: Tensor, seen: Tensor, norms: List[Norm], layers: List[Layer], heads: int, act: str) -> Tensor:
  h = self.layer_norm(x, norms[0])
  x = x + self.attention(h, h, seen, layers, 0, heads)
  h = self.linear(self.layer_norm(x, norms[1]), layers[4])
  return x + self.linear(self.activation(h, act), layers[5])

# The state at the first token of a kind; at the highest id where no kind is given.
def state_at(self, x: Tensor, ids: Tensor, kind: int) -> Tensor:
  if kind >= 0:
    at = torch.argmax((ids == kind).to(4), 1)
  else:
    at = torch.argmax(ids, 1)
  return torch.stack([x[i, at[i]] for i in range(x.shape[0])])

# T5's norm: the root mean square alone, no mean and no bias.
def rms_norm(self, x: Tensor, weight: Tensor, eps: float) -> Tensor:
  return x * torch.rsqrt(torch.mean(x * x, [-1], True) + eps) * weight

# What T5 adds to all scores: a learned number for each bucket of distance, exact up to a quarter of the buckets, logarithmic from
# there to max_distance. table [buckets, heads]; y [1, heads, T, T], or [N, heads, T, T] with a mask [N, T].
def t5_bias(self, table: Tensor, mask: Optional[Tensor], t: int, max_distance: int) -> Tensor:
  at = torch.arange(t, dtype=4, device=table.device)
  distance = at[None, :] - at[:, None]
  half = table.shape[0] // 2
  exact = half // 2
  far = torch.abs(distance)
  logarithmic = (torch.log(far.to(6) / exact) / torch.log(max_distance / exact) * (half - exact)).to(4) + exact
  bucket = torch.where(far < exact, far, torch.clamp(logarithmic, max=half - 1)) + (distance > 0).to(4) * half
  bias = torch.embedding(table, bucket).permute(2, 0, 1)[None]
  if mask is not None:
    bias = bias + self.mask_to_lowest(mask)
  return bias

# norms: of attention, of the feed-forward. layers: q, k, v, o, then wi, wo, or wi_0, wi_1, wo where gated. Scores are not scaled.
def t5_layer(self, x: Tensor, bias: Tensor, norms: List[Tensor], eps: float, layers: List[Layer], heads: int, act: str) -> Tensor:
  h = self.rms_norm(x, norms[0], eps)
  x = x + self.attention(h, h, bias, layers, 0, heads, 1.0)
  h = self.rms_norm(x, norms[1], eps)
  y = self.activation(self.linear(h, layers[4]), act)
  if len(layers) > 6:
    y = y * self.linear(h, layers[5])
  return x + self.linear(y, layers[-1])
