package dev.darkroom.diffusion.kernels;

import dev.darkroom.diffusion.DiffusionException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** What the C library keeps of the memory that tensors were freed from. */
public final class NativeHeap {
  private NativeHeap() {}

  /**
   * Gives freed memory back to the system, where the C library has a way: glibc by itself keeps
   * what lies below something that is still in use.
   */
  public static void trim() {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> trim = linker.defaultLookup().find("malloc_trim");
    if (trim.isEmpty()) {
      return;
    }
    var call =
        linker.downcallHandle(
            trim.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    try {
      int unused = (int) call.invokeExact(0L);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw DiffusionException.internal("malloc_trim failed", e);
    }
  }
}
