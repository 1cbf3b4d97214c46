# The blocks of the models, over `conv`, `upsample`, `linear`, `norm` and `group_norm`. Layer, Norm, Resnet, Block, Transformer and
# Stage stand for tuples that Kernels.java names. A block is made once of all that does not change, since each argument of a call costs time.

def layer_norm(self, x: Tensor, norm: Norm) -> Tensor:
  weight, bias, groups, eps = norm
  return torch.layer_norm(torch.to(x, weight.dtype), [x.shape[-1]], weight, bias, eps)

# [N, T, C] to [N, C, T, 1] and back.
def as_map(self, x: Tensor) -> Tensor:
  return torch.unsqueeze(torch.transpose(x, 1, 2), 3)

def as_sequence(self, x: Tensor) -> Tensor:
  return torch.transpose(torch.squeeze(x, 3), 1, 2)

# By the names of diffusers and transformers; quick_gelu is OpenAI's own approximation, gelu_new the one with tanh.
def activation(self, x: Tensor, name: str) -> Tensor:
  if name == "silu":
    return torch.silu(x)
  if name == "quick_gelu":
    return x * torch.sigmoid(1.702 * x)
  if name == "gelu":
    return torch.gelu(x)
  if name == "gelu_new":
    return torch.gelu(x, approximate="tanh")
  if name == "mish":
    return torch.mish(x)
  return torch.relu(x)

# Of a tensor that nobody else reads: SiLU, which nearly all models have, in place where no graph needs the original.
def activated(self, x: Tensor, name: str) -> Tensor:
  if name == "silu" and not torch.is_grad_enabled():
    return torch.silu_(x)
  return self.activation(x, name)

# norms: norm1, norm2. layers: conv1, conv2, [time_emb_proj], [conv_shortcut].
def resnet(self, norms: List[Norm], layers: List[Layer], has_shortcut: bool, scale_shift: bool, out_scale: float, act: str, raw_time: bool) -> Resnet:
  return (norms, layers, has_shortcut, scale_shift, out_scale, act, raw_time)

# A skip connection, where there is one, joins behind the channels of x.
def run_resnet(self, x: Tensor, skip: Optional[Tensor], temb: Optional[Tensor], resnet: Resnet) -> Tensor:
  if skip is not None:
    x = torch.cat([x, skip], 1)
  norms, layers, has_shortcut, scale_shift, out_scale, act, raw_time = resnet
  h = self.activated(self.group_norm(x, norms[0]), act)
  return self.rest_of_resnet(x, h, temb, resnet)

# A resnet that halves or grows the map on its way, to the given size; its input with it.
def run_resizing_resnet(self, x: Tensor, temb: Tensor, resnet: Resnet, height: int, width: int) -> Tensor:
  norms, layers, has_shortcut, scale_shift, out_scale, act, raw_time = resnet
  h = self.activated(self.group_norm(x, norms[0]), act)
  if height < x.shape[2]:
    x = torch.avg_pool2d(x, [2, 2])
    h = torch.avg_pool2d(h, [2, 2])
  else:
    x = torch.upsample_nearest2d(x, [height, width], None, None)
    h = torch.upsample_nearest2d(h, [height, width], None, None)
  return self.rest_of_resnet(x, h, temb, resnet)

def rest_of_resnet(self, x: Tensor, h: Tensor, temb: Optional[Tensor], resnet: Resnet) -> Tensor:
  norms, layers, has_shortcut, scale_shift, out_scale, act, raw_time = resnet
  h = self.conv(h, layers[0])
  if temb is not None:
    t = torch.to(self.linear(temb if raw_time else self.activation(temb, act), layers[2]), h.dtype)
    t = torch.unsqueeze(torch.unsqueeze(t, 2), 3)
    if scale_shift:
      scale, shift = torch.chunk(t, 2, 1)
      h = self.group_norm(h, norms[1]) * (1 + scale) + shift
    else:
      h = self.group_norm(h + t, norms[1])
  else:
    h = self.group_norm(h, norms[1])
  h = self.conv(self.activated(h, act), layers[1])
  if has_shortcut:
    x = self.conv(x, layers[-1])
  y = x + h
  if out_scale != 1.0:
    y = y / out_scale
  return y

# layers[first:first + 4] are to_q, to_k, to_v, to_out.0. x [N, T, C]; kv [N, S, D]; bias [N, 1, 1, S] is added to the scores, or
# says by true and false who attends to whom. scale is what scores are multiplied with; 1 / sqrt(d) where not given.
def attention(self, x: Tensor, kv: Tensor, bias: Optional[Tensor], layers: List[Layer], first: int, heads: int, scale: Optional[float]=None) -> Tensor:
  q = self.linear(x, layers[first])
  k = self.linear(kv, layers[first + 1])
  v = self.linear(kv, layers[first + 2])
  return self.linear(self.attended(q, k, v, bias, heads, scale), layers[first + 3])

# q [N, T, C], k and v [N, S, C] of all heads: [N, T, C], in the type of q.
def attended(self, q: Tensor, k: Tensor, v: Tensor, bias: Optional[Tensor], heads: int, scale: Optional[float]) -> Tensor:
  n, t, c = q.shape
  d = c // heads
  q = q.view(n, t, heads, d).transpose(1, 2)
  k = torch.to(k, q.dtype).view(n, -1, heads, d).transpose(1, 2)
  v = torch.to(v, q.dtype).view(n, -1, heads, d).transpose(1, 2)
  if bias is not None:
    if torch.is_floating_point(bias):
      bias = torch.to(bias, q.dtype)
  y = torch.scaled_dot_product_attention(q, k, v, bias, 0.0, False, scale=scale)
  return y.transpose(1, 2).reshape(n, t, c)

# The same of x to itself, without biases of the projections. layers: attn1 (4).
def self_attention(self, x: Tensor, layers: List[Layer], heads: int) -> Tensor:
  q, k, v = self.projections(x, layers[:3])
  return self.linear(self.attended(q, k, v, None, heads, None), layers[3])

# Self-attention in which only the rows `attending` [K] look around; the attention map of the others is the identity. layers: attn1 (4).
# All rows go through all layers: an adapter knows its rows by their place in the batch.
def perturbed_attention(self, x: Tensor, attending: Tensor, layers: List[Layer], heads: int) -> Tensor:
  q, k, v = self.projections(x, layers[:3])
  if attending.shape[0] > 0:
    q, k, u = [torch.index_select(every, 0, attending) for every in [q, k, v]]
    v = v.index_copy_(0, attending, self.attended(q, k, u, None, heads, None))
  return self.linear(v, layers[3])

# GEGLU (Shazeer 2020). layers[first:first + 2]: net.0.proj, net.2.
def feed_forward(self, x: Tensor, layers: List[Layer], first: int) -> Tensor:
  h, gate = torch.chunk(self.linear(x, layers[first]), 2, -1)
  return self.linear(h * torch.gelu(gate), layers[first + 1])

# name: of attn1. norms: norm1, norm2, norm3, and those of the fuser, if there is one. layers: attn1 (4), attn2 (4), ff.net.0.proj,
# ff.net.2, and the fuser's. alpha_attn, alpha_dense: the fuser's gates.
def block(self, name: str, norms: List[Norm], layers: List[Layer], alpha_attn: Optional[Tensor], alpha_dense: Optional[Tensor]) -> Block:
  gates = annotate(List[Tensor], [])
  if alpha_attn is not None and alpha_dense is not None:
    gates = [alpha_attn, alpha_dense]
  return (name, norms, layers, gates)

# attending: the rows whose attn1 is not perturbed, where some rows' is. objects: for the fuser.
def run_block(self, x: Tensor, context: Tensor, bias: Optional[Tensor], block: Block, heads: int, only_cross: bool, attending: Optional[Tensor], objects: Optional[Tensor]) -> Tensor:
  name, norms, layers, gates = block
  h = self.layer_norm(x, norms[0])
  if only_cross:
    # As in diffusers, which masks the context in the second attention alone.
    x = x + self.attention(h, context, None, layers, 0, heads)
  elif attending is not None:
    x = x + self.perturbed_attention(h, attending, layers, heads)
  else:
    x = x + self.self_attention(h, layers, heads)
  if objects is not None:
    x = self.run_fuser(x, objects, norms[3:], layers[10:], gates, heads)
  x = x + self.attention(self.layer_norm(x, norms[1]), context, bias, layers, 4, heads)
  return x + self.feed_forward(self.layer_norm(x, norms[2]), layers, 8)

def transformer(self, norm: Norm, proj_in: Layer, blocks: List[Block], proj_out: Layer, heads: int, linear_projection: bool, only_cross: bool) -> Transformer:
  return (norm, proj_in, blocks, proj_out, heads, linear_projection, only_cross)

# Blocks over the positions of x [N, C, H, W], with its residual. attending: of blocks by name, where some are perturbed.
def run_transformer(self, x: Tensor, context: Tensor, bias: Optional[Tensor], transformer: Transformer, attending: Optional[Dict[str, Tensor]], objects: Optional[Tensor]) -> Tensor:
  norm, proj_in, blocks, proj_out, heads, linear_projection, only_cross = transformer
  n, c, h, w = x.shape
  y = self.group_norm(x, norm)
  if linear_projection:
    y = self.linear(y.permute(0, 2, 3, 1).reshape(n, h * w, c), proj_in)
  else:
    y = self.conv(y, proj_in).permute(0, 2, 3, 1).reshape(n, h * w, -1)
  for block in blocks:
    some = attending.get(block[0]) if attending is not None else None
    y = self.run_block(y, context, bias, block, heads, only_cross, some, objects)
  if linear_projection:
    return self.linear(y, proj_out).view(n, h, w, c).permute(0, 3, 1, 2) + x
  return self.conv(y.view(n, h, w, -1).permute(0, 3, 1, 2), proj_out) + x

# The resnets of a level and, where it attends, the transformer after each. resize: the convolution that halves or doubles the map, if any.
# Kernels take it as Any, for the types of arguments are compared at every call, and this one's is deep.
def stage(self, resnets: List[Resnet], transformers: Optional[List[Transformer]], resize: Optional[Layer], pad_end: bool) -> Stage:
  resizes = annotate(List[Layer], [])
  if resize is not None:
    resizes = [resize]
  return (resnets, transformers if transformers is not None else annotate(List[Transformer], []), resizes, pad_end)

# Every map that the way up will meet again.
def run_down_stage(self, x: Tensor, temb: Tensor, context: Tensor, bias: Optional[Tensor], stage: Any, attending: Optional[Dict[str, Tensor]], objects: Optional[Tensor]) -> List[Tensor]:
  resnets, transformers, resizes, pad_end = unchecked_cast(Stage, stage)
  maps = annotate(List[Tensor], [])
  for i in range(len(resnets)):
    x = self.run_resnet(x, None, temb, resnets[i])
    if len(transformers) > 0:
      x = self.run_transformer(x, context, bias, transformers[i], attending, objects)
    maps.append(x)
  for layer in resizes:
    maps.append(self.downsample(x, layer, pad_end))
  return maps

# A resnet, and another after each transformer.
def run_mid_stage(self, x: Tensor, temb: Tensor, context: Tensor, bias: Optional[Tensor], stage: Any, attending: Optional[Dict[str, Tensor]], objects: Optional[Tensor]) -> Tensor:
  resnets, transformers, resizes, pad_end = unchecked_cast(Stage, stage)
  x = self.run_resnet(x, None, temb, resnets[0])
  for i in range(len(transformers)):
    x = self.run_transformer(x, context, bias, transformers[i], attending, objects)
    x = self.run_resnet(x, None, temb, resnets[i + 1])
  return x

# skips: one for each resnet, that of the first last. height, width: of what comes out.
def run_up_stage(self, x: Tensor, temb: Tensor, context: Tensor, bias: Optional[Tensor], stage: Any, attending: Optional[Dict[str, Tensor]], objects: Optional[Tensor], skips: List[Tensor], height: int, width: int) -> Tensor:
  resnets, transformers, resizes, pad_end = unchecked_cast(Stage, stage)
  for i in range(len(resnets)):
    x = self.run_resnet(x, skips.pop(), temb, resnets[i])
    if len(transformers) > 0:
      x = self.run_transformer(x, context, bias, transformers[i], attending, objects)
  for layer in resizes:
    x = self.upsample(x, layer, height, width)
  return x

def normed(self, x: Tensor, norm: Norm) -> Tensor:
  return self.group_norm(x, norm)

# Self-attention over the positions of a map, with the residual. y is x after its norm, where there is one.
def spatial_attention(self, x: Tensor, y: Tensor, layers: List[Layer], heads: int, out_scale: float) -> Tensor:
  n, c, h, w = x.shape
  y = y.permute(0, 2, 3, 1).reshape(n, h * w, c)
  y = self.attention(y, y, None, layers, 0, heads)
  y = y.view(n, h, w, c).permute(0, 3, 1, 2) + x
  if out_scale != 1.0:
    y = y / out_scale
  return y

def downsample(self, x: Tensor, layer: Layer, pad_end: bool) -> Tensor:
  if pad_end:
    x = torch.constant_pad_nd(x, [0, 1, 0, 1], 0)
  return self.conv(x, layer)

def norm_act_conv(self, x: Tensor, norm: Norm, layer: Layer, act: str) -> Tensor:
  return self.conv(self.activated(self.group_norm(x, norm), act), layer)

# The sinusoids of Vaswani et al. 2017: t [N] to [N, dim] float32.
def sinusoid(self, t: Tensor, dim: int, flip_sin_to_cos: bool, freq_shift: float) -> Tensor:
  half = dim // 2
  exponent = torch.arange(half, dtype=6, device=t.device) * -9.210340371976184 / (half - freq_shift)
  angles = t.to(6)[:, None] * torch.exp(exponent)[None, :]
  if flip_sin_to_cos:
    y = torch.cat([torch.cos(angles), torch.sin(angles)], -1)
  else:
    y = torch.cat([torch.sin(angles), torch.cos(angles)], -1)
  if dim % 2 == 1:
    y = torch.constant_pad_nd(y, [0, 1], 0)
  return y

# Random frequencies of Tancik et al. 2020, of t [N] or its logarithm: [N, 2 F] float32.
def fourier(self, t: Tensor, frequencies: Tensor, log: bool, flip_sin_to_cos: bool) -> Tensor:
  t = t.to(6)
  if log:
    t = torch.log(t)
  angles = t[:, None] * frequencies[None, :] * 2 * 3.141592653589793
  if flip_sin_to_cos:
    return torch.cat([torch.cos(angles), torch.sin(angles)], -1)
  return torch.cat([torch.sin(angles), torch.cos(angles)], -1)

# layers: linear_1, linear_2, [cond_proj].
def time_mlp(self, x: Tensor, condition: Optional[Tensor], layers: List[Layer], act: str) -> Tensor:
  if condition is not None:
    x = x + self.linear(condition, layers[2])
  return self.linear(self.activated(self.linear(x, layers[0]), act), layers[1])

# The mean of the tokens, at a learned position, attends to itself and them. layers: q_proj, k_proj, v_proj, proj. norms: norm1, norm2.
def text_time(self, x: Tensor, position: Tensor, norms: List[Norm], layers: List[Layer], heads: int) -> Tensor:
  x = self.layer_norm(x, norms[0])
  mean = x.mean([1], True) + position
  y = self.attention(mean, torch.cat([mean, x], 1), None, layers, 0, heads)
  return self.layer_norm(y[:, 0], norms[1])

def embedding(self, ids: Tensor, table: Tensor) -> Tensor:
  return torch.embedding(table, ids.to(4))

# A mask of ones and zeros [N, T] as what is added to scores [N, heads, queries, T]; diffusers' constant.
def mask_to_bias(self, mask: Tensor) -> Tensor:
  return ((1 - mask.to(6)) * -10000.0)[:, None, None, :]

# The same with transformers' constant, the lowest float32.
def mask_to_lowest(self, mask: Tensor) -> Tensor:
  return ((1 - mask.to(6)) * -3.4028234663852886e38)[:, None, None, :]

# Words, positions and the first token type, normed. ids [N, T].
def text_embeddings(self, ids: Tensor, words: Tensor, positions: Tensor, types: Tensor, norm: Norm) -> Tensor:
  x = torch.embedding(words, ids) + types[0] + positions[:ids.shape[1]]
  return self.layer_norm(x, norm)

# A post-norm encoder layer. layers: query, key, value, output, intermediate, output. norms: after attention, after the MLP.
def encoder_layer(self, x: Tensor, bias: Optional[Tensor], norms: List[Norm], layers: List[Layer], heads: int) -> Tensor:
  x = self.layer_norm(x + self.attention(x, x, bias, layers, 0, heads), norms[0])
  h = self.linear(torch.gelu(self.linear(x, layers[4])), layers[5])
  return self.layer_norm(x + h, norms[1])

def pooler(self, x: Tensor, layer: Layer) -> Tensor:
  return torch.tanh(self.linear(x[:, 0], layer))

# Which row of the codebook [K, D] is nearest to each position of z [N, D, H, W].
def nearest_codes(self, z: Tensor, codebook: Tensor) -> Tensor:
  n, d, h, w = z.shape
  return torch.argmin(torch.cdist(z.permute(0, 2, 3, 1).reshape(-1, d), codebook), 1).view(n, h, w)

def codes(self, indices: Tensor, codebook: Tensor) -> Tensor:
  return torch.embedding(codebook, indices).permute(0, 3, 1, 2).contiguous()

def conv_act(self, x: Tensor, layer: Layer, act: str) -> Tensor:
  return self.activated(self.conv(x, layer), act)

# AutoencoderTiny's. layers: conv.0, conv.2, conv.4. The last activation is a ReLU, whatever the others are.
def tiny_block(self, x: Tensor, layers: List[Layer], act: str) -> Tensor:
  h = self.conv_act(self.conv_act(x, layers[0], act), layers[1], act)
  return torch.relu(self.conv(h, layers[2]) + x)
