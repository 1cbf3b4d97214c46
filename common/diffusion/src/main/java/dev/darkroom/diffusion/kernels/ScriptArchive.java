package dev.darkroom.diffusion.kernels;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive: the zip that {@code torch.jit.load} reads, here with one stateless
 * module named {@code Kernels} and no tensors. The pickle inside is the smallest one that makes
 * such an object.
 */
final class ScriptArchive {
  private static final String CLASS_HEADER =
      """
      class Kernels(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
      """;

  /** Pickle protocol 2: {@code __torch__.Kernels()} with the state {@code {"training": True}}. */
  private static final byte[] DATA = pickleOfKernels();

  private static final byte[] EMPTY_TUPLE = {(byte) 0x80, 2, ')', '.'};

  private ScriptArchive() {}

  /**
   * @param methods methods in TorchScript's dialect, unindented: {@code def f(self, x: Tensor) ->
   *     Tensor:} and so on
   */
  static byte[] of(String methods) {
    StringBuilder code = new StringBuilder(CLASS_HEADER);
    methods
        .lines()
        .forEach(line -> code.append(line.isBlank() ? "" : "  ").append(line).append('\n'));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      entry(zip, "m/data.pkl", DATA);
      entry(zip, "m/constants.pkl", EMPTY_TUPLE);
      entry(zip, "m/version", "10\n".getBytes(StandardCharsets.US_ASCII));
      entry(zip, "m/code/__torch__.py", code.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  private static void entry(ZipOutputStream zip, String name, byte[] content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] pickleOfKernels() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {(byte) 0x80, 2, 'c'});
    out.writeBytes("__torch__\nKernels\n".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(new byte[] {')', (byte) 0x81, '}', '(', 'X', 8, 0, 0, 0});
    out.writeBytes("training".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(new byte[] {(byte) 0x88, 'u', 'b', '.'});
    return out.toByteArray();
  }
}
