package dev.darkroom.diffusion.kernels;

import ai.djl.pytorch.jni.IValue;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The two things DJL keeps to itself: calling a named method of a TorchScript module, and wrapping
 * what it returns. Method handles instead of a class in DJL's package, because a container may load
 * DJL and us by different class loaders, and then package-private access fails. A constant method
 * handle costs no more than a direct call.
 */
final class NativeCalls {
  private static final MethodHandle RUN_METHOD;
  private static final MethodHandle NEW_IVALUE;

  static {
    try {
      Class<?> library = Class.forName("ai.djl.pytorch.jni.PyTorchLibrary");
      MethodHandles.Lookup inside = MethodHandles.privateLookupIn(library, MethodHandles.lookup());
      Object instance = inside.findStaticGetter(library, "LIB", library).invoke();
      MethodType runType =
          MethodType.methodType(
              long.class, long.class, String.class, long[].class, boolean.class, boolean.class);
      RUN_METHOD = inside.findVirtual(library, "moduleRunMethod", runType).bindTo(instance);
      NEW_IVALUE =
          inside.findConstructor(IValue.class, MethodType.methodType(void.class, long.class));
    } catch (Throwable e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private NativeCalls() {}

  /**
   * Runs a method.
   *
   * @param recordable whether {@link GradMode} alone decides what is recorded; else the call runs
   *     in PyTorch's InferenceMode, which saves each operator a look at it. What that makes can
   *     neither be saved for a backward pass nor, later, updated in place
   */
  static IValue run(long module, String method, long[] arguments, boolean recordable) {
    boolean entered = QuietExit.enter();
    try {
      long handle = (long) RUN_METHOD.invokeExact(module, method, arguments, recordable, false);
      return (IValue) NEW_IVALUE.invokeExact(handle);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a native method threw a checked exception", e);
    } finally {
      QuietExit.leave(entered);
    }
  }
}
