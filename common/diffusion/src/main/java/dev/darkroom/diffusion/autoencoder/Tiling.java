package dev.darkroom.diffusion.autoencoder;

import dev.darkroom.diffusion.DiffusionException;

/**
 * How an autoencoder works on a picture at a time and, where that is larger than a tile, on
 * overlapping tiles whose seams are blended: the memory it takes is then that of a tile. diffusers'
 * {@code enable_slicing} and {@code enable_tiling}.
 *
 * <p>Each tile is normed by itself, so the result differs a little from that of the whole picture.
 *
 * @param sampleMinSize side of a tile in pixels, {@code tile_sample_min_size}
 * @param latentMinSize the same in the latent, {@code tile_latent_min_size}
 * @param overlapFactor the share of a tile that the next one covers again
 */
public record Tiling(int sampleMinSize, int latentMinSize, double overlapFactor) {

  public Tiling {
    if (sampleMinSize < 1 || latentMinSize < 1) {
      throw DiffusionException.badInput(
          "tiling: expected tiles of at least one pixel, got %d and %d of the latent"
              .formatted(sampleMinSize, latentMinSize));
    }
    if (!(overlapFactor >= 0 && (int) (latentMinSize * (1 - overlapFactor)) > 0)) {
      throw DiffusionException.badInput(
          "tiling: expected an overlap from 0 to less than a whole tile, got " + overlapFactor);
    }
  }

  /** diffusers' own for a model: tiles of the size it was trained on, a quarter of them shared. */
  public static Tiling of(AutoencoderConfig config) {
    int latent = Math.max(1, config.sampleSize() / config.factor());
    return new Tiling(config.sampleSize(), latent, 0.25);
  }

  /** Tiles of another side; a multiple of the model's factor. */
  public static Tiling of(AutoencoderConfig config, int sampleMinSize) {
    if (sampleMinSize < config.factor() || sampleMinSize % config.factor() != 0) {
      throw DiffusionException.badInput(
          "tiling: expected a side in multiples of %d, got %d"
              .formatted(config.factor(), sampleMinSize));
    }
    return new Tiling(sampleMinSize, sampleMinSize / config.factor(), 0.25);
  }

  /** On the way into the latent. */
  Tiles encoding() {
    return tiles(sampleMinSize, latentMinSize);
  }

  /** On the way out of it. */
  Tiles decoding() {
    return tiles(latentMinSize, sampleMinSize);
  }

  private Tiles tiles(int in, int out) {
    int blend = (int) (out * overlapFactor);
    return new Tiles(in, (int) (in * (1 - overlapFactor)), blend, out - blend);
  }
}
