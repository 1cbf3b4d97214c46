package dev.darkroom.diffusion.checkpoint;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.pickle.PickleReader;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Dictionary;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Flag;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Sequence;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Text;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Whole;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * torch.save before version 1.6: pickles of a magic number, a version, the system and the object;
 * then one of the storages' keys, and each storage as its number of elements and their bytes.
 */
final class LegacyTorchFormat {
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long VERSION = 1001;

  private LegacyTorchFormat() {}

  static StateDict read(WeightsFile file) {
    ByteBuffer in = file.bytes(0, TorchFile.MAX_PICKLE);
    if (!(next(file, in) instanceof Whole(BigInteger magic)) || !magic.equals(MAGIC)) {
      throw bad(file, "it is a pickle that torch.save did not write");
    }
    if (!(next(file, in) instanceof Whole(BigInteger version))
        || !version.equals(BigInteger.valueOf(VERSION))) {
      throw bad(file, "expected version " + VERSION);
    }
    if (!(next(file, in) instanceof Dictionary system)
        || !Objects.equals(system.get("little_endian"), new Flag(true))) {
      throw bad(file, "expected little-endian numbers; save it again");
    }
    PickleValue value = next(file, in);
    if (!(next(file, in) instanceof Sequence keys)) {
      throw bad(file, "expected the keys of its storages");
    }
    // The sizes of storages are in elements: their types are known from the object alone.
    Map<String, Integer> elementBytes = StateDict.elementBytes(value);
    Map<String, StateDict.Place> places = new HashMap<>();
    long position = in.position();
    for (PickleValue key : keys.elements()) {
      if (!(key instanceof Text(String name)) || !elementBytes.containsKey(name)) {
        throw bad(file, "a storage that no tensor uses");
      }
      ByteBuffer count = file.bytes(position, Long.BYTES);
      long elements = count.remaining() < Long.BYTES ? -1 : count.getLong(0);
      long room = file.size() - position - Long.BYTES;
      int bytes = elementBytes.get(name);
      if (elements < 0 || elements > room / bytes) {
        throw bad(
            file,
            "storage %s has %d elements at byte %d of %d: the file is truncated or damaged"
                .formatted(name, elements, position, file.size()));
      }
      places.put(name, new StateDict.Place(position + Long.BYTES, elements * bytes));
      position += Long.BYTES + elements * bytes;
    }
    return StateDict.of(
        file,
        value,
        key -> {
          StateDict.Place place = places.get(key);
          if (place == null) {
            throw bad(file, "storage %s is not in the file".formatted(key));
          }
          return place;
        });
  }

  private static PickleValue next(WeightsFile file, ByteBuffer in) {
    return PickleReader.read(file.path().toString(), in, TorchFile::isAllowed);
  }

  private static DiffusionException bad(WeightsFile file, String what) {
    return DiffusionException.badCheckpoint(
        file.path() + " is not a whole file of torch.save: " + what);
  }
}
