package dev.darkroom.diffusion.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import dev.darkroom.diffusion.DiffusionException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProgramTest {
  private final NDManager manager = TorchRuntime.newManager(Device.cpu());

  @AfterEach
  void free() {
    manager.close();
  }

  @Test
  void takesEveryKindOfArgument() {
    Program program =
        Program.compile(
            manager,
            """
            def mix(self, x: Tensor, y: Optional[Tensor], l: List[Tensor], i: int, j: List[int], r: float, f: bool, s: str) -> Tensor:
              if y is not None:
                x = x + y
              for t in l:
                x = x * t
              x = x + i + j[0] + j[1] + r
              return x if f and s == "yes" else -x
            """);
    NDArray x = manager.create(1f);
    List<NDArray> factors = List.of(manager.create(2f), manager.create(3f));
    NDArray mixed =
        program
            .call("mix")
            .tensor(x)
            .optional(null)
            .tensors(factors)
            .integer(10)
            .integers(20, 30)
            .real(0.5)
            .flag(true)
            .text("yes")
            .run();
    assertEquals(66.5f, mixed.getFloat());
    NDArray other =
        program
            .call("mix")
            .tensor(x)
            .optional(x)
            .tensors(factors)
            .integer(0)
            .integers(0, 0)
            .real(0)
            .flag(true)
            .text("no")
            .run();
    assertEquals(-12f, other.getFloat());
  }

  @Test
  void returnsListsAndValuesThatItTakesBack() {
    Program program =
        Program.compile(
            manager,
            """
            def split(self, x: Tensor) -> List[Tensor]:
              return [x + 1, x + 2]

            def hold(self, x: Tensor) -> Tuple[Tensor, int]:
              return (x, 7)

            def use(self, held: Tuple[Tensor, int]) -> Tensor:
              return held[0] * held[1]
            """);
    NDArray x = manager.create(3f);
    assertEquals(
        List.of(4f, 5f),
        program.call("split").tensor(x).runForTensors().stream().map(NDArray::getFloat).toList());
    try (IValue held = program.call("hold").tensor(x).runForValue()) {
      assertEquals(21f, program.call("use").value(held).run(manager).getFloat());
    }
  }

  @Test
  void saysWhatTheCompilerSaid() {
    DiffusionException refused =
        assertThrows(
            DiffusionException.class,
            () -> Program.compile(manager, "def f(self, x: Tensor) -> Tensor:\n  return y\n"));
    assertTrue(refused.getMessage().contains("undefined value y"), refused.getMessage());
  }

  @Test
  void saysWhichKernelFailed() {
    Program program =
        Program.compile(manager, "def f(self, x: Tensor) -> Tensor:\n  return x.view([7])\n");
    DiffusionException failed =
        assertThrows(
            DiffusionException.class, () -> program.call("f").tensor(manager.create(1f)).run());
    assertEquals(DiffusionException.Kind.INTERNAL, failed.kind());
    assertTrue(failed.getMessage().startsWith("kernel f failed"), failed.getMessage());
  }

  @Test
  void whatInferenceMakesIsForReading() {
    Program program =
        Program.compile(
                manager,
                """
                def twice(self, x: Tensor) -> Tensor:
                  return x * 2
                """)
            .forInference();
    try (GradMode recording = GradMode.on()) {
      NDArray weight = manager.create(3f);
      weight.setRequiresGradient(true);
      NDArray made = program.call("twice").tensor(manager.create(5f)).run();
      assertEquals(11f, made.add(1).getFloat());
      assertThrows(EngineException.class, () -> weight.mul(made));
      NDArray copy = made.duplicate();
      assertEquals(30f, weight.mul(copy).getFloat());
      assertEquals(11f, copy.addi(1).getFloat());
      assertThrows(EngineException.class, () -> made.addi(1));
    }
  }

  @Test
  void gradModeIsPutBackAndIsEachThreadsOwn() throws InterruptedException, ExecutionException {
    try (GradMode outer = GradMode.off()) {
      try (GradMode inner = GradMode.on();
          var threads = Executors.newFixedThreadPool(1)) {
        assertTrue(JniUtils.isGradMode());
        Future<Boolean> other =
            threads.submit(
                () -> {
                  try (GradMode off = GradMode.off()) {
                    return JniUtils.isGradMode();
                  }
                });
        assertFalse(other.get());
        assertTrue(JniUtils.isGradMode());
      }
      assertFalse(JniUtils.isGradMode());
    }
  }

  @Test
  void runsInManyThreadsAtOnce() throws InterruptedException, ExecutionException {
    Program program =
        Program.compile(
            manager, "def f(self, x: Tensor) -> Tensor:\n  return torch.matmul(x, x).sum([0])\n");
    NDArray x = manager.arange(64f).reshape(8, 8);
    float[] expected = program.call("f").tensor(x).run().toFloatArray();
    try (var threads = Executors.newFixedThreadPool(8)) {
      List<Future<float[]>> results =
          IntStream.range(0, 400)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            try (Scope scope = Scope.open()) {
                              return program.call("f").tensor(x).run().toFloatArray();
                            }
                          }))
              .toList();
      for (Future<float[]> result : results) {
        assertArrayEquals(expected, result.get());
      }
    }
  }
}
