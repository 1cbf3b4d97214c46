def absolute(self, x: Tensor, target: Tensor) -> Tensor:
  return torch.mean(torch.abs(x - target))

# KL divergence to the standard normal, summed over a latent, mean over the batch. Kingma and Welling 2014, appendix B.
def kl(self, mean: Tensor, logvar: Tensor) -> Tensor:
  return 0.5 * torch.sum(mean * mean + torch.exp(logvar) - 1.0 - logvar) / mean.shape[0]

def plus(self, loss: Tensor, term: Tensor, weight: float) -> Tensor:
  return loss + weight * term

def sampled(self, mean: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
  return mean + torch.exp(0.5 * logvar) * noise

# p: conv weight, conv bias; then conv weight, norm weight, norm bias of each level; then conv weight, conv bias.
def scores(self, x: Tensor, p: List[Tensor]) -> Tensor:
  h = torch.leaky_relu(torch.conv2d(x, p[0], p[1], [2, 2], [1, 1], [1, 1], 1), 0.2)
  levels = (len(p) - 4) // 3
  for i in range(levels):
    stride = 2
    if i == levels - 1:
      stride = 1
    h = torch.conv2d(h, p[2 + 3 * i], None, [stride, stride], [1, 1], [1, 1], 1)
    h = torch.batch_norm(h, p[3 + 3 * i], p[4 + 3 * i], None, None, True, 0.1, 1e-5, False)
    h = torch.leaky_relu(h, 0.2)
  return torch.conv2d(h, p[-2], p[-1], [1, 1], [1, 1], [1, 1], 1)

# Lim and Ye 2017, equations 4 and 5.
def hinge(self, real: Tensor, fake: Tensor) -> Tensor:
  return 0.5 * (torch.mean(torch.relu(1.0 - real)) + torch.mean(torch.relu(1.0 + fake)))

def generator(self, fake: Tensor) -> Tensor:
  return -torch.mean(fake)

# How much larger the reconstruction's gradient is than the adversary's, at the decoder's last layer. Esser et al. 2021, equation 7.
def adaptive_weight(self, reconstruction: Tensor, adversarial: Tensor, last: Tensor) -> Tensor:
  one = torch.autograd.grad([reconstruction], [last], None, True)[0]
  two = torch.autograd.grad([adversarial], [last], None, True)[0]
  weight = torch.zeros([])
  if one is not None:
    if two is not None:
      weight = torch.clamp(torch.norm(one) / (torch.norm(two) + 1e-4), 0.0, 10000.0)
  return torch.detach(weight)
