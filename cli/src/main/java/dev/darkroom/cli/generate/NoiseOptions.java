package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.pipeline.LatentShape;
import dev.darkroom.diffusion.pipeline.Seed;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the pictures start. */
final class NoiseOptions {
  @Option(names = "--seed", paramLabel = "S", description = "image i uses seed + i; default: drawn")
  private @Nullable Long seed;

  @Option(
      names = "--latents",
      paramLabel = "FILE.npy",
      description = "the initial noise, float32 [N,C,H/f,W/f], instead of the seed's")
  private @Nullable Path latents;

  /** The seed of the first image; drawn at the first call where none is given. */
  long firstSeed() {
    if (seed == null) {
      seed = new SecureRandom().nextInt() & 0xffffffffL;
    }
    return seed;
  }

  List<Seed> seeds(LatentShape shape, int images) {
    List<Seed> seeds = new ArrayList<>();
    if (latents == null) {
      for (int i = 0; i < images; i++) {
        seeds.add(Seed.of(firstSeed() + i));
      }
      return seeds;
    }
    NumpyFile given = NumpyFile.read(latents);
    long[] expected = {images, shape.channels(), shape.height(), shape.width()};
    if (!Arrays.equals(expected, given.shape())) {
      throw DiffusionException.badInput(
          "%s: expected shape %s, as the model, the size and the number of images ask for, got %s"
              .formatted(latents, Arrays.toString(expected), Arrays.toString(given.shape())));
    }
    for (int i = 0; i < images; i++) {
      float[] noise = Arrays.copyOfRange(given.values(), i * shape.size(), (i + 1) * shape.size());
      seeds.add(new Seed(firstSeed() + i, noise));
    }
    return seeds;
  }
}
