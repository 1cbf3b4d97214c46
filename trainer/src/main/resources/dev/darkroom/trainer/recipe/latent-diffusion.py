# The squared error of each row, weighted, as a mean over rows. Hang et al. 2023, equation 5.
def weighted_error(self, prediction: Tensor, target: Tensor, weights: Tensor) -> Tensor:
  rows = torch.mean(torch.flatten((prediction - target) ** 2, 1), [1])
  return torch.mean(rows * weights)
