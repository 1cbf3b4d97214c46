# Gradients as the parameters hold them; every parameter of a learner has one after a backward pass.
def gradients(self, parameters: List[Tensor]) -> List[Tensor]:
  found = annotate(List[Tensor], [])
  for parameter in parameters:
    gradient = parameter.grad
    if gradient is None:
      ops.prim.RaiseException("a parameter has no gradient: the loss does not depend on it")
    else:
      found.append(gradient)
  return found

# Scales gradients down to a global norm of at most `largest`; returns the norm before. Pascanu et al. 2013.
def clip(self, parameters: List[Tensor], largest: float) -> Tensor:
  found = (self).gradients(parameters)
  norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(found, 2)), 2)
  scale = torch.clamp(largest / (norm + 1e-6), None, 1.0)
  torch._foreach_mul_(found, scale)
  return norm

# One step of AdamW, then gradients are zero. Loshchilov and Hutter 2019, algorithm 2.
def adamw(self, parameters: List[Tensor], first: List[Tensor], second: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, decay: float, eps: float) -> None:
  found = (self).gradients(parameters)
  torch._foreach_add_(steps, 1)
  torch._fused_adamw_(parameters, found, first, second, annotate(List[Tensor], []), steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False)
  torch._foreach_zero_(found)

def average(self, averages: List[Tensor], parameters: List[Tensor], weight: float) -> None:
  torch._foreach_lerp_(averages, parameters, weight)

def exchange(self, ours: List[Tensor], theirs: List[Tensor]) -> None:
  for i in range(len(ours)):
    kept = torch.clone(ours[i])
    torch.copy_(ours[i], theirs[i])
    torch.copy_(theirs[i], kept)

def fill(self, target: Tensor, source: Tensor) -> None:
  torch.copy_(target, source)
