# Attention to a context and to the positions of a map at once, over the blocks of blocks.py.

# A context [N, T, D], normed token by token, or all tokens together where the norm has groups.
def normed_context(self, context: Tensor, norm: Norm) -> Tensor:
  weight, bias, groups, eps = norm
  if groups == 0:
    return self.layer_norm(context, norm)
  return self.as_sequence(self.group_norm(self.as_map(context), norm))

# x [N, C, H, W]; bias [N, 1, 1, T] is added to the scores of the context. norms: group_norm, [norm_cross]. layers: to_q, add_k_proj,
# add_v_proj, to_out.0, [to_k, to_v].
def added_kv_attention(self, x: Tensor, context: Tensor, bias: Optional[Tensor], norms: List[Norm], layers: List[Layer], heads: int) -> Tensor:
  n, c, h, w = x.shape
  if len(norms) > 1:
    context = self.normed_context(context, norms[1])
  y = self.group_norm(x, norms[0]).permute(0, 2, 3, 1).reshape(n, h * w, c)
  q = self.linear(y, layers[0])
  k = torch.to(self.linear(context, layers[1]), q.dtype)
  v = torch.to(self.linear(context, layers[2]), q.dtype)
  if len(layers) > 4:
    k = torch.cat([k, self.linear(y, layers[4])], 1)
    v = torch.cat([v, self.linear(y, layers[5])], 1)
    if bias is not None:
      bias = torch.constant_pad_nd(bias, [0, h * w], 0)
  y = self.linear(self.attended(q, k, v, bias, heads, None), layers[3])
  return y.view(n, h, w, c).permute(0, 3, 1, 2) + x
