package dev.darkroom.worker.model;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/**
 * What native code has allocated and not freed, by glibc's own account. The resident size would
 * count the Java heap as well, which grows as it likes.
 */
final class NativeMemory {
  // struct mallinfo2 of glibc: ten size_t.
  private static final int FIELDS = 10;
  private static final int MAPPED = 4;
  private static final int IN_USE = 7;

  private NativeMemory() {}

  /** Skips the test where the C library does not tell. */
  static long allocatedBytes() {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> mallinfo = linker.defaultLookup().find("mallinfo2");
    assumeTrue(mallinfo.isPresent(), "skipped: this C library has no mallinfo2");
    MemoryLayout[] fields = new MemoryLayout[FIELDS];
    Arrays.fill(fields, ValueLayout.JAVA_LONG);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info =
          (MemorySegment)
              linker
                  .downcallHandle(
                      mallinfo.get(), FunctionDescriptor.of(MemoryLayout.structLayout(fields)))
                  .invokeExact((SegmentAllocator) arena);
      return info.getAtIndex(ValueLayout.JAVA_LONG, MAPPED)
          + info.getAtIndex(ValueLayout.JAVA_LONG, IN_USE);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
