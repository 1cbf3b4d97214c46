package dev.darkroom.diffusion.kernels;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import dev.darkroom.diffusion.DiffusionException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * A loaded TorchScript program: named methods over tensors, without state, callable from any number
 * of threads at once. It lives as long as the manager it was loaded into.
 *
 * <p>The dialect is that of serialised TorchScript: Python with operators, tensor methods, slicing,
 * loops, comprehensions, {@code List}, {@code Tuple}, {@code Optional}, {@code torch.NAME} for any
 * ATen operator and {@code ops.NAMESPACE.NAME} for the others. There is no {@code
 * torch.nn.functional} and no dtype name (6 is float32, 5 float16, 15 bfloat16, 4 int64).
 */
public final class Program {
  private static final Object COMPILER = new Object();
  private static final String NONE = "def none(self) -> Optional[Tensor]:\n  return None\n";

  /**
   * The graph optimiser is set per thread; it costs warm-up time and memory and gains nothing on
   * these kernels.
   */
  private static final ThreadLocal<Boolean> PREPARED =
      ThreadLocal.withInitial(
          () -> {
            JniUtils.setGraphExecutorOptimize(false);
            return true;
          });

  private final PtSymbolBlock module;
  private final long handle;
  private final IValue none;
  private final boolean recordable;

  private Program(PtSymbolBlock module) {
    this.module = module;
    this.handle = module.getHandle();
    PREPARED.get();
    this.none = NativeCalls.run(handle, "none", new long[0], true);
    this.recordable = true;
  }

  private Program(Program other, boolean recordable) {
    this.module = other.module;
    this.handle = other.handle;
    this.none = other.none;
    this.recordable = recordable;
  }

  /**
   * Compiles a program.
   *
   * @param methods unindented method definitions, {@code def f(self, x: Tensor) -> Tensor:}
   * @throws DiffusionException if TorchScript rejects the source; the message is the compiler's
   */
  public static Program compile(NDManager manager, String methods) {
    TorchRuntime.start();
    byte[] archive = ScriptArchive.of(methods + "\n" + NONE);
    try {
      Program program = new Program(load((PtNDManager) manager, archive));
      manager.attachInternal("program-" + program.handle, program.none);
      return program;
    } catch (IOException e) {
      throw DiffusionException.internal("reading a program from memory failed", e);
    } catch (ai.djl.engine.EngineException e) {
      throw DiffusionException.internal("TorchScript rejected a program: " + e.getMessage(), e);
    }
  }

  /** One at a time: PyTorch does not promise that its compiler may run in several threads. */
  private static PtSymbolBlock load(PtNDManager manager, byte[] archive) throws IOException {
    synchronized (COMPILER) {
      return JniUtils.loadModule(manager, new ByteArrayInputStream(archive), false, false);
    }
  }

  /**
   * Compiles a program for the life of the process: for those that any number of models share. They
   * run on every device.
   */
  public static Program shared(String methods) {
    return compile(TorchRuntime.newManager(Device.cpu()), methods);
  }

  /**
   * The same program for calls that nobody records: each of its operators costs a little less.
   *
   * <p>Outside such calls, what they return is for reading only: an operator that would change it
   * in place, or keep it for a backward pass, refuses it; of a copy ({@code duplicate()}) it does
   * not.
   */
  public Program forInference() {
    return new Program(this, false);
  }

  /**
   * The text of class path resources beside {@code owner}, joined: the source of a program kept in
   * files.
   */
  public static String source(Class<?> owner, String... names) {
    StringBuilder text = new StringBuilder();
    for (String name : names) {
      try (InputStream in = owner.getResourceAsStream(name)) {
        if (in == null) {
          throw DiffusionException.internal(
              "no program source " + name + " beside " + owner.getName(), null);
        }
        text.append(new String(in.readAllBytes(), StandardCharsets.UTF_8)).append('\n');
      } catch (IOException e) {
        throw DiffusionException.internal("cannot read program source " + name, e);
      }
    }
    return text.toString();
  }

  /**
   * Starts a call of one method; arguments are added in order, then one of the {@code run} methods
   * makes it.
   */
  public Call call(String method) {
    return new Call(this, method);
  }

  IValue none() {
    return none;
  }

  IValue run(String method, long[] arguments) {
    PREPARED.get();
    try {
      return NativeCalls.run(handle, method, arguments, recordable);
    } catch (ai.djl.engine.EngineException e) {
      throw DiffusionException.internal("kernel " + method + " failed: " + e.getMessage(), e);
    } finally {
      // The module must not be closed by a collected block while the native call runs.
      java.lang.ref.Reference.reachabilityFence(module);
    }
  }
}
