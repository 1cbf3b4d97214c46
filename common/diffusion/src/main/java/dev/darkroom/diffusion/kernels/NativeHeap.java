package dev.darkroom.diffusion.kernels;

import dev.darkroom.diffusion.DiffusionException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.OptionalLong;

/** What the C library keeps of the memory that tensors were freed from. */
public final class NativeHeap {
  // struct mallinfo2 of glibc: ten size_t.
  private static final int FIELDS = 10;
  private static final int MAPPED = 4;
  private static final int IN_USE = 7;

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

  /**
   * Bytes that native code has allocated and not freed, by the C library's own account: a leak's
   * measure, where the resident size counts the Java heap as well. Empty where the library has no
   * {@code mallinfo2}, as all but glibc.
   */
  public static OptionalLong allocatedBytes() {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> mallinfo = linker.defaultLookup().find("mallinfo2");
    if (mallinfo.isEmpty()) {
      return OptionalLong.empty();
    }
    var call =
        linker.downcallHandle(
            mallinfo.get(),
            FunctionDescriptor.of(
                MemoryLayout.structLayout(
                    MemoryLayout.sequenceLayout(FIELDS, ValueLayout.JAVA_LONG))));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = (MemorySegment) call.invokeExact((SegmentAllocator) arena);
      return OptionalLong.of(
          info.getAtIndex(ValueLayout.JAVA_LONG, MAPPED)
              + info.getAtIndex(ValueLayout.JAVA_LONG, IN_USE));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw DiffusionException.internal("mallinfo2 failed", e);
    }
  }
}
