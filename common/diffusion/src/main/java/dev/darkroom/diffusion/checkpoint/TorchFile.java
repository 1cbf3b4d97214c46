package dev.darkroom.diffusion.checkpoint;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.pickle.PickleReader;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * A file of {@code torch.save}, of today's zip format or of the one before version 1.6. Its pickle
 * is read as data: it names nothing but tensors, storages and plain values, or is refused.
 */
public final class TorchFile implements TensorFile {
  /** Pickles without the storages are below one megabyte; those with an optimizer, a few. */
  static final int MAX_PICKLE = 64 << 20;

  private static final int ZIP = 0x04034b50;

  /** Opcode PROTO, which every pickle of protocol 2 and later starts with. */
  private static final int PICKLE = 0x80;

  /** What stands for data in the pickles of torch and numpy. Nothing of it is ever called. */
  private static final Set<String> DATA =
      Set.of(
          "collections.OrderedDict",
          "collections.defaultdict",
          "collections.Counter",
          "builtins.dict",
          "builtins.list",
          "builtins.set",
          "builtins.frozenset",
          "builtins.int",
          "builtins.float",
          "builtins.bytearray",
          "builtins.complex",
          "__builtin__.dict",
          "__builtin__.list",
          "__builtin__.set",
          "__builtin__.long",
          "__builtin__.int",
          "_codecs.encode",
          "argparse.Namespace",
          "torch.Size",
          "torch.device",
          "torch.Tensor",
          "torch.nn.parameter.Parameter",
          "torch.nn.modules.container.ParameterDict",
          "numpy.dtype",
          "numpy.ndarray",
          "numpy.core.multiarray.scalar",
          "numpy.core.multiarray._reconstruct",
          "numpy._core.multiarray.scalar",
          "numpy._core.multiarray._reconstruct");

  private final WeightsFile file;
  private final Map<String, StoredTensor> tensors;
  private final Map<String, String> metadata;

  private TorchFile(WeightsFile file, StateDict content) {
    this.file = file;
    this.tensors = Collections.unmodifiableMap(content.tensors());
    this.metadata = Collections.unmodifiableMap(content.metadata());
  }

  /** Whether a file of this name is expected to be one of torch.save. */
  public static boolean isNamed(Path path) {
    String name = path.getFileName().toString();
    return name.endsWith(".ckpt")
        || name.endsWith(".pth")
        || name.endsWith(".pt")
        || name.endsWith(".bin");
  }

  /**
   * Opens a file and finds its tensors.
   *
   * @throws DiffusionException in one sentence, if it is no whole file of torch.save, or its pickle
   *     asks for anything but data
   */
  public static TorchFile open(Path path) {
    WeightsFile file = WeightsFile.open(path);
    boolean opened = false;
    try {
      TorchFile torch = new TorchFile(file, content(file));
      opened = true;
      return torch;
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  private static StateDict content(WeightsFile file) {
    ByteBuffer start = file.bytes(0, 4);
    if (start.remaining() == 4 && start.getInt(0) == ZIP) {
      return zipped(file);
    }
    if (start.hasRemaining() && (start.get(0) & 0xff) == PICKLE) {
      return LegacyTorchFormat.read(file);
    }
    throw DiffusionException.badCheckpoint(
        "%s is not a file of torch.save: expected a zip file or a pickle%s"
            .formatted(
                file.path(),
                file.guess().isEmpty()
                    ? ", got neither; the file is damaged, or of another format"
                    : file.guess()));
  }

  private static StateDict zipped(WeightsFile file) {
    ZipDirectory zip = ZipDirectory.read(file);
    String root =
        zip.entries().keySet().stream()
            .filter(name -> name.matches("[^/]+/data\\.pkl"))
            .findFirst()
            .map(name -> name.substring(0, name.indexOf('/') + 1))
            .orElseThrow(
                () ->
                    DiffusionException.badCheckpoint(
                        file.path()
                            + ": expected a zip file of torch.save, with data.pkl in it, got another zip file"));
    ZipDirectory.Entry order = zip.entries().get(root + "byteorder");
    if (order != null && text(file, order).equals("big")) {
      throw DiffusionException.badCheckpoint(
          file.path() + ": expected little-endian numbers, got big-endian ones; save it again");
    }
    ZipDirectory.Entry pickle = zip.entries().get(root + "data.pkl");
    if (pickle == null || pickle.length() > MAX_PICKLE) {
      throw DiffusionException.badCheckpoint(
          "%s: expected a pickle of at most %d bytes".formatted(file.path(), MAX_PICKLE));
    }
    PickleValue value =
        PickleReader.read(
            file.path().toString(),
            file.bytes(pickle.position(), (int) pickle.length()),
            TorchFile::isAllowed);
    return StateDict.of(
        file,
        value,
        key -> {
          ZipDirectory.Entry entry = zip.entries().get(root + "data/" + key);
          if (entry == null) {
            throw DiffusionException.badCheckpoint(
                "%s: storage %s is not in the file: it is damaged".formatted(file.path(), key));
          }
          return new StateDict.Place(entry.position(), entry.length());
        });
  }

  private static String text(WeightsFile file, ZipDirectory.Entry entry) {
    return StandardCharsets.UTF_8
        .decode(file.bytes(entry.position(), (int) Math.min(16, entry.length())))
        .toString();
  }

  /** The globals that stand for data; also those of trainers' callbacks, which are passed over. */
  static boolean isAllowed(String global) {
    return DATA.contains(global)
        || global.matches("torch\\.[A-Za-z0-9]+Storage")
        || global.equals("torch.storage.UntypedStorage")
        || global.matches(
            "torch\\.(float|double|half|bfloat|int|long|short|uint|bool|complex)[0-9]*")
        || global.matches(
            "torch\\._utils\\._rebuild_(tensor|tensor_v2|parameter|parameter_with_state)")
        || global.equals("torch._tensor._rebuild_from_type_v2")
        || global.startsWith("pytorch_lightning.")
        || global.startsWith("lightning.pytorch.")
        || global.startsWith("lightning_fabric.");
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public void close() {
    file.close();
  }
}
