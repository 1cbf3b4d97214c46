package dev.darkroom.diffusion.guidance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.JsonLines;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every way of guiding against diffusers, on the rows of {@code guidance.py}. */
class GuidanceReferenceTest {
  @TestFactory
  Stream<DynamicTest> equalsDiffusers() {
    return JsonLines.read("/samplers/guidance.jsonl").stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.get("kind").textValue() + " " + row.path("scale"), () -> check(row)));
  }

  private static void check(JsonNode row) {
    switch (row.get("kind").textValue()) {
      case "classifier-free" ->
          assertGuided(
              row,
              new ClassifierFreeGuidance(number(row, "scale"), number(row, "rescale"))
                  .apply(floats(row, "unconditional"), floats(row, "conditional")));
      case "image" ->
          assertGuided(
              row,
              new ImageGuidance(
                      number(row, "text_scale"), number(row, "image_scale"), number(row, "rescale"))
                  .apply(floats(row, "text"), floats(row, "image"), floats(row, "unconditional")));
      case "perturbed" -> {
        ClassifierFreeGuidance classifierFree =
            new ClassifierFreeGuidance(number(row, "cfg"), number(row, "rescale"));
        assertGuided(
            row,
            new PerturbedAttentionGuidance(number(row, "scale"), number(row, "adaptive_scale"))
                .apply(
                    classifierFree,
                    classifierFree.isOn() ? floats(row, "unconditional") : null,
                    floats(row, "conditional"),
                    floats(row, "perturbed"),
                    row.get("t").floatValue()));
      }
      case "interval" -> {
        GuidanceInterval interval = new GuidanceInterval(number(row, "start"), number(row, "stop"));
        JsonNode steps = row.get("steps");
        for (int i = 0; i < steps.size(); i++) {
          assertEquals(
              steps.get(i).booleanValue(), interval.contains(i, steps.size()), "step " + i);
        }
      }
      default -> throw new IllegalArgumentException(row.toString());
    }
  }

  @Test
  void anIntervalTurnsGuidanceOnAndOff() {
    ClassifierFreeGuidance guidance =
        new ClassifierFreeGuidance(5, 0, new GuidanceInterval(0.25, 0.75));
    assertEquals(false, guidance.isOnAt(0, 4));
    assertEquals(true, guidance.isOnAt(1, 4));
    assertEquals(true, guidance.isOnAt(2, 4));
    assertEquals(false, guidance.isOnAt(3, 4));
    assertEquals(
        false,
        new ClassifierFreeGuidance(1, 0, GuidanceInterval.ALL).isOnAt(1, 4),
        "a scale of 1 guides nowhere");
  }

  @Test
  void anAdaptiveScaleFallsToNothing() {
    PerturbedAttentionGuidance guidance = new PerturbedAttentionGuidance(3, 0.005);
    assertEquals(1.5, guidance.scaleAt(700));
    assertEquals(true, guidance.isOnAt(401));
    assertEquals(false, guidance.isOnAt(400));
    assertEquals(false, PerturbedAttentionGuidance.OFF.isOnAt(999));
  }

  @Test
  void refusesScalesAndIntervalsThatAreNone() {
    assertThrows(DiffusionException.class, () -> new GuidanceInterval(0.6, 0.5));
    assertThrows(DiffusionException.class, () -> new GuidanceInterval(Double.NaN, 1));
    assertThrows(DiffusionException.class, () -> new ImageGuidance(7.5, -1, 0));
    assertThrows(DiffusionException.class, () -> new ImageGuidance(Double.NaN, 1, 0));
    assertThrows(DiffusionException.class, () -> new ImageGuidance(7.5, 1, 1.1));
    assertThrows(DiffusionException.class, () -> new PerturbedAttentionGuidance(-1, 0));
    assertThrows(DiffusionException.class, () -> new PerturbedAttentionGuidance(3, -0.1));
    assertThrows(DiffusionException.class, () -> new PerturbedAttentionGuidance(3, 0, List.of()));
  }

  private static void assertGuided(JsonNode row, float[] guided) {
    assertArrayEquals(floats(row, "guided"), guided, 1e-5f);
  }

  private static float[] floats(JsonNode row, String name) {
    return JsonLines.floats(row.get(name));
  }

  private static double number(JsonNode row, String name) {
    return row.get(name).doubleValue();
  }
}
