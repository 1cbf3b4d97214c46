package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Call;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Parameters drawn at random, each as its layer asks for. Each key has a stream of its own, so a
 * layer more or less leaves the others as they were, and the order of construction does not matter.
 */
public final class SeededParameters implements ParameterSource {
  private static final Program DRAWS =
      Program.shared(
          """
      def uniform(self, shape: List[int], bound: float, seed: int) -> Tensor:
        generator = torch.Generator(device=torch.device("cpu"), seed=seed)
        return torch.rand(shape, generator=generator) * (2 * bound) - bound

      def normal(self, shape: List[int], deviation: float, seed: int) -> Tensor:
        generator = torch.Generator(device=torch.device("cpu"), seed=seed)
        return torch.randn(shape, generator=generator) * deviation

      def orthogonal(self, shape: List[int], seed: int) -> Tensor:
        generator = torch.Generator(device=torch.device("cpu"), seed=seed)
        rows = shape[0]
        drawn = torch.randn(shape, generator=generator).reshape(rows, -1)
        wide = drawn.shape[1] > rows
        if wide:
          drawn = drawn.t()
        q, r = torch.linalg_qr(drawn)
        q = q * r.diagonal().sign()
        if wide:
          q = q.t()
        return q.reshape(shape).contiguous()

      def central_orthogonal(self, shape: List[int], noise: float, seed: int) -> Tensor:
        weight = self.normal(shape, noise, seed)
        middle = weight[:, :, shape[2] // 2, shape[3] // 2]
        middle.copy_(self.orthogonal(shape[:2], seed))
        return weight

      def halves(self, shape: List[int], first: float, second: float) -> Tensor:
        values = torch.full(shape, first)
        values[shape[0] // 2:] = second
        return values
          """);

  private final NDManager manager;
  private final long seed;

  public SeededParameters(NDManager manager, long seed) {
    this.manager = manager;
    this.seed = seed;
  }

  @Override
  public NDManager manager() {
    return manager;
  }

  @Override
  public boolean holds(String key) {
    return true;
  }

  @Override
  public NDArray take(String key, Shape shape, Initialisation initialisation) {
    NDArray drawn =
        switch (initialisation) {
          case Initialisation.Uniform(double bound) ->
              made(draw("uniform", shape).real(bound).integer(streamOf(key)));
          case Initialisation.Normal(double deviation) ->
              made(draw("normal", shape).real(deviation).integer(streamOf(key)));
          case Initialisation.Orthogonal() ->
              made(draw("orthogonal", shape).integer(streamOf(key)));
          case Initialisation.CentralOrthogonal(double noise) ->
              made(draw("central_orthogonal", shape).real(noise).integer(streamOf(key)));
          case Initialisation.Halves(double first, double second) ->
              made(draw("halves", shape).real(first).real(second));
          case Initialisation.Constant(double value) ->
              manager.full(shape, (float) value, DataType.FLOAT32);
        };
    return Scope.release(drawn);
  }

  private static Call draw(String kernel, Shape shape) {
    return DRAWS.call(kernel).integers(shape.getShape());
  }

  /** Drawn on the CPU whatever the device, so a seed means the same weights everywhere. */
  private NDArray made(Call draw) {
    return draw.runOnCpu(manager);
  }

  private long streamOf(String key) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(ByteBuffer.allocate(Long.BYTES).putLong(seed).array());
      return ByteBuffer.wrap(sha.digest(key.getBytes(StandardCharsets.UTF_8))).getLong() >>> 1;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
