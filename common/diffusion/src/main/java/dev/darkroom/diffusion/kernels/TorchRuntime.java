package dev.darkroom.diffusion.kernels;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.darkroom.diffusion.DiffusionException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The engine of this process: libtorch, started once. */
public final class TorchRuntime {
  /** In libgomp's unit, turns of a loop. */
  private static final String FIFTH_OF_A_MILLISECOND = "20000";

  private static final Pattern DEVICE = Pattern.compile("cpu|gpu(:(?<number>\\d{1,4}))?");

  private static final Engine ENGINE = load();

  /** Each is a thread of the system, of which more than cores are only slower. */
  private static final int MAX_THREADS = 1024;

  private static final int THREADS_AT_START = JniUtils.getNumThreads();

  private TorchRuntime() {}

  /**
   * Starts the engine if it is not up yet. Every entry of this package does; a service calls it
   * early to pay for it early.
   */
  public static void start() {
    // The static initialiser has done it.
  }

  /** How many GPUs the engine can use. */
  public static int gpus() {
    return ENGINE.getGpuCount();
  }

  /**
   * The device of a name: {@code cpu}, {@code gpu}, or {@code gpu:1} for the second one.
   *
   * @throws DiffusionException if it is none, or there is no such GPU
   */
  public static Device device(String name) {
    Matcher named = DEVICE.matcher(name);
    if (!named.matches()) {
      throw DiffusionException.badInput("device: expected cpu, gpu or gpu:N, got " + name);
    }
    if (name.equals("cpu")) {
      return Device.cpu();
    }
    Device gpu =
        Device.gpu(named.group("number") == null ? 0 : Integer.parseInt(named.group("number")));
    require(gpu);
    return gpu;
  }

  private static void require(Device gpu) {
    if (gpu.getDeviceId() >= gpus()) {
      throw DiffusionException.badInput(
          "device: expected one of %d GPUs, got %s; use the CPU or install the CUDA build of libtorch"
              .formatted(gpus(), gpu));
    }
  }

  /** A root for tensors on {@code device}; closing it frees them all. */
  public static NDManager newManager(Device device) {
    if (device.isGpu()) {
      require(device);
    }
    return NDManager.newBaseManager(device, "PyTorch");
  }

  /**
   * How many threads one operation may use. For the whole process.
   *
   * @throws DiffusionException if it is none, or more than any machine has use for
   */
  public static void useThreads(int threads) {
    if (threads < 1 || threads > MAX_THREADS) {
      throw DiffusionException.badInput(
          "threads: expected 1 to %d, got %d".formatted(MAX_THREADS, threads));
    }
    JniUtils.setNumThreads(threads);
  }

  public static int threads() {
    return JniUtils.getNumThreads();
  }

  /** What {@link #threads} was at first: the cores, or what {@code OMP_NUM_THREADS} allows. */
  public static int threadsAtStart() {
    return THREADS_AT_START;
  }

  private static Engine load() {
    // Threads that never spin at a barrier make a step a quarter slower; those that spin as long as
    // libgomp would have it (3 ms) slow everything else on the machine down by up to 7 times.
    if (System.getenv("OMP_WAIT_POLICY") == null) {
      defaultEnvironment("GOMP_SPINCOUNT", FIFTH_OF_A_MILLISECOND);
    }
    if (System.getProperty("ai.djl.offline") == null) {
      System.setProperty("ai.djl.offline", "true");
    }
    return Engine.getEngine("PyTorch");
  }

  /**
   * Sets a variable for native code, unless the user has; Java's own view of the environment is a
   * copy and stays.
   */
  private static void defaultEnvironment(String name, String value) {
    Linker linker = Linker.nativeLinker();
    var setenv =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("setenv"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int overwrite = 0;
      int failed =
          (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), overwrite);
      if (failed != 0) {
        throw DiffusionException.internal("setenv " + name + " failed", null);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw DiffusionException.internal("setenv " + name + " failed", e);
    }
  }
}
