package dev.darkroom.trainer.loop;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.trainer.data.Draw;
import java.util.stream.LongStream;

/**
 * Standard normal noise, each row from a generator of its own on the CPU: a function of (seed,
 * step, sample, purpose) and of nothing else.
 */
public final class RowNoise {
  private static final String ROWS =
      """
      def rows(self, shape: List[int], seeds: List[int]) -> Tensor:
        found = annotate(List[Tensor], [])
        for seed in seeds:
          generator = torch.Generator(device=torch.device("cpu"), seed=seed)
          found.append(torch.randn(shape, generator=generator))
        return torch.stack(found)
      """;

  private final Program program;
  private final NDManager manager;

  public RowNoise(NDManager manager) {
    this.manager = manager;
    this.program = Program.compile(manager, ROWS);
  }

  /**
   * @param row shape of one row
   * @param places where in the run each row stands
   * @return [places, row...] float32, on the manager's device
   */
  public NDArray draw(Shape row, Draw.Purpose purpose, Iterable<Draw> places) {
    LongStream.Builder seeds = LongStream.builder();
    places.forEach(place -> seeds.add(place.random(purpose).nextLong() >>> 1));
    return program
        .call("rows")
        .integers(row.getShape())
        .integers(seeds.build().toArray())
        .runOnCpu(manager);
  }
}
