package dev.darkroom.diffusion.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.JsonLines;
import org.junit.jupiter.api.Test;

class ReferenceMathTest {
  @Test
  void logarithmsHaveTheBitsOfNumPy() {
    JsonNode expected = JsonLines.read("/samplers/logarithms.jsonl").getFirst();
    float[] logarithms = new float[expected.get("count").intValue()];
    for (int i = 0; i < logarithms.length; i++) {
      int place = expected.get("first").intValue() + i * expected.get("step").intValue();
      logarithms[i] = ReferenceMath.log(Float.intBitsToFloat(place));
    }
    assertEquals(expected.get("sha256").textValue(), JsonLines.sha256(logarithms));
  }
}
