# Layers of 16 bits for GPUs: HALF is the type of their weights and of what goes from layer to layer. Within an operator sums are
# float32, and so are norms and softmax. A layer of float32 among them takes what comes as float32, and answers in it.

def half_layer(self, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int, strengths: Strengths) -> Layer:
  if bias is not None:
    bias = torch.to(bias, HALF)
  return self.layer(torch.to(weight, HALF), bias, stride, padding, strengths)

def norm(self, weight: Tensor, bias: Tensor, groups: int, eps: float) -> Norm:
  return (torch.to(weight, HALF), torch.to(bias, HALF), groups, eps)

def bare_conv(self, x: Tensor, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int) -> Tensor:
  return torch.conv2d(torch.to(x, weight.dtype), weight, bias, [stride, stride], [padding, padding], [1, 1], 1)

def bare_linear(self, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
  return torch.linear(torch.to(x, weight.dtype), weight, bias)
