# Products of bfloat16, forward and backward, with weights that stay float32: they are rounded at every use, so that small updates
# are not lost (Micikevicius et al. 2018). What goes from layer to layer is float32, and biases are added in it.

def with_bias(self, y: Tensor, bias: Optional[Tensor], shape: List[int]) -> Tensor:
  y = torch.to(y, 6)
  if bias is None:
    return y
  return y + bias.view(shape)

def bare_conv(self, x: Tensor, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int) -> Tensor:
  y = torch.conv2d(torch.to(x, 15), torch.to(weight, 15), None, [stride, stride], [padding, padding], [1, 1], 1)
  return self.with_bias(y, bias, [-1, 1, 1])

def bare_linear(self, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
  return self.with_bias(torch.linear(torch.to(x, 15), torch.to(weight, 15)), bias, [-1])

def norm(self, weight: Tensor, bias: Tensor, groups: int, eps: float) -> Norm:
  return (weight, bias, groups, eps)
