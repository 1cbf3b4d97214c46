package dev.darkroom.diffusion.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.darkroom.diffusion.DiffusionException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The pages of a file that a tensor is mapped from. Only for tensors that are and that were never
 * written to: others would lose what is in them.
 */
public final class MappedPages {
  /** Of x86 processors; where pages are larger, the system refuses what is not on their borders. */
  private static final long PAGE = 4096;

  private static final int MADV_DONTNEED = 4;

  private static final @Nullable MethodHandle MADVISE = madvise();

  private final MemorySegment pages;

  private MappedPages(MemorySegment pages) {
    this.pages = pages;
  }

  private static @Nullable MethodHandle madvise() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return null;
    }
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find("madvise")
        .map(
            address ->
                linker.downcallHandle(
                    address,
                    FunctionDescriptor.of(
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT)))
        .orElse(null);
  }

  /**
   * The whole pages of a mapped tensor.
   *
   * @param tensor contiguous, of less than 2 GiB, to stay mapped for as long as this is used
   */
  public static MappedPages of(NDArray tensor) {
    // The array's own method asks for its type first, and the engine does not know bfloat16.
    MemorySegment all = MemorySegment.ofBuffer(JniUtils.getByteBuffer((PtNDArray) tensor, true));
    long from = Math.min(all.byteSize(), -all.address() & (PAGE - 1));
    return new MappedPages(all.asSlice(from, (all.byteSize() - from) & -PAGE));
  }

  /**
   * Takes the pages out of memory, where the system has a way; who reads them gets them from the
   * file again, most of the time from the system's cache of it.
   */
  public void giveBack() {
    if (MADVISE == null || pages.byteSize() == 0) {
      return;
    }
    try {
      // Advice: where the system does not take it, all stays as it is.
      int unused = (int) MADVISE.invokeExact(pages, pages.byteSize(), MADV_DONTNEED);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw DiffusionException.internal("madvise failed", e);
    }
  }
}
