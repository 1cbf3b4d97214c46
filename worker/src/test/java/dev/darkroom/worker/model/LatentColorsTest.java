package dev.darkroom.worker.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LatentColorsTest {
  private static final int CHANNELS = 4;
  private static final int SIDE = 16;
  private static final int FACTOR = 8;

  /**
   * A decoder whose colours are a known mix of three channels: the fit finds it within a colour
   * step or two.
   */
  @Test
  void findsTheColoursOfALinearDecoder() {
    float[] latent = noise(1);
    LatentColors colors = LatentColors.fit(latent, decode(latent), CHANNELS, SIDE, SIDE, FACTOR);
    float[] other = noise(2);
    float[] image = decode(other);
    byte[] painted = colors.paint(other, SIDE, SIDE);

    for (int p = 0; p < SIDE * SIDE; p++) {
      int corner = p / SIDE * FACTOR * SIDE * FACTOR + p % SIDE * FACTOR;
      for (int rgb = 0; rgb < 3; rgb++) {
        float exact = (image[rgb * SIDE * SIDE * FACTOR * FACTOR + corner] + 1) * 127.5f;
        assertEquals(exact, painted[3 * p + rgb] & 0xff, 2.0);
      }
    }
  }

  @Test
  void staysSaneWhereChannelsDoNotVary() {
    float[] flat = new float[CHANNELS * SIDE * SIDE];
    LatentColors colors = LatentColors.fit(flat, decode(flat), CHANNELS, SIDE, SIDE, FACTOR);
    byte[] grey = new byte[3 * SIDE * SIDE];
    java.util.Arrays.fill(grey, (byte) 128);

    assertArrayEquals(grey, colors.paint(flat, SIDE, SIDE));
  }

  @Test
  void refusesALatentOfAnotherShape() {
    float[] latent = noise(1);
    LatentColors colors = LatentColors.fit(latent, decode(latent), CHANNELS, SIDE, SIDE, FACTOR);

    assertThrows(IllegalArgumentException.class, () -> colors.paint(latent, SIDE, SIDE / 2));
  }

  private static float[] noise(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] latent = new float[CHANNELS * SIDE * SIDE];
    for (int i = 0; i < latent.length; i++) {
      latent[i] = random.nextFloat(-1, 1);
    }
    return latent;
  }

  /** Red is half of channel 0, green the mean of 1 and 2, blue the negative of 3. */
  private static float[] decode(float[] latent) {
    int area = SIDE * SIDE;
    int wide = SIDE * FACTOR;
    float[] image = new float[3 * wide * wide];
    for (int y = 0; y < wide; y++) {
      for (int x = 0; x < wide; x++) {
        int p = y / FACTOR * SIDE + x / FACTOR;
        image[y * wide + x] = latent[p] / 2;
        image[wide * wide + y * wide + x] = (latent[area + p] + latent[2 * area + p]) / 2;
        image[2 * wide * wide + y * wide + x] = -latent[3 * area + p];
      }
    }
    return image;
  }
}
