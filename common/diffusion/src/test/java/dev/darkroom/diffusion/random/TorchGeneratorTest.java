package dev.darkroom.diffusion.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.JsonLines;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class TorchGeneratorTest {
  @Test
  void drawsTheBitsOfPyTorchForEverySeedAndSize() {
    for (JsonNode fixture : JsonLines.read("/samplers/noise.jsonl")) {
      long seed = fixture.get("seed").longValue();
      TorchGenerator generator = new TorchGenerator(seed);
      for (JsonNode draw : fixture.get("draws")) {
        int n = draw.get("n").intValue();
        float[] values = generator.normal(n);
        assertEquals(
            (float) draw.get("first").doubleValue(), values[0], "seed " + seed + ", n " + n);
        assertEquals(
            draw.get("sha256").textValue(), JsonLines.sha256(values), "seed " + seed + ", n " + n);
      }
    }
  }

  @Test
  void goesOnFromItsSavedStateInTheMiddleOfAPair() {
    TorchGenerator generator = new TorchGenerator(3);
    generator.normal(700);
    generator.normal(3); // one of the second pair is left over
    TorchGenerator restored = TorchGenerator.fromBytes(generator.toBytes());
    assertEquals(OptionalLong.of(3), restored.seed());
    for (int n : new int[] {1, 5, 64}) {
      assertArrayEquals(generator.normal(n), restored.normal(n));
    }
  }

  @Test
  void copiesAreIndependent() {
    TorchGenerator generator = new TorchGenerator(3);
    float[] first = generator.copy().normal(20);
    assertArrayEquals(first, generator.normal(20));
  }

  @Test
  void refusesBytesThatAreNoState() {
    assertThrows(DiffusionException.class, () -> TorchGenerator.fromBytes(new byte[12]));
    byte[] badIndex = new TorchGenerator(0).toBytes();
    badIndex[8 + 4 * 624] = 0x7f;
    assertThrows(DiffusionException.class, () -> TorchGenerator.fromBytes(badIndex));
  }
}
