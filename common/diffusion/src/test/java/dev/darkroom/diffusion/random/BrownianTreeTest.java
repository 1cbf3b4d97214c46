package dev.darkroom.diffusion.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.JsonLines;
import org.junit.jupiter.api.Test;

class BrownianTreeTest {
  @Test
  void answersInTheBitsOfTorchsde() {
    for (JsonNode fixture : JsonLines.read("/samplers/paths.jsonl")) {
      BrownianTree tree =
          new BrownianTree(
              fixture.get("seed").longValue(),
              fixture.get("low").doubleValue(),
              fixture.get("high").doubleValue());
      for (JsonNode question : fixture.get("questions")) {
        float[] increment =
            tree.increment(
                question.get(0).doubleValue(),
                question.get(1).doubleValue(),
                fixture.get("n").intValue());
        assertEquals(
            question.get(2).textValue(),
            JsonLines.sha256(increment),
            "%s of seed %s".formatted(question, fixture.get("seed")));
      }
    }
  }

  @Test
  void addsUpOverAnyTimesBetween() {
    BrownianTree tree = new BrownianTree(3, 0.03, 14.6);
    float[] first = tree.increment(1.5, 4.25, 40);
    float[] second = tree.increment(4.25, 9.125, 40);
    float[] both = tree.increment(1.5, 9.125, 40);
    for (int i = 0; i < both.length; i++) {
      assertEquals(both[i], first[i] + second[i], 1e-5f);
    }
  }

  @Test
  void endsAtItsBounds() {
    BrownianTree tree = new BrownianTree(3, 1, 2);
    assertArrayEquals(tree.increment(1, 2, 20), tree.increment(0, 3, 20));
    assertArrayEquals(new float[20], tree.increment(2, 3, 20));
  }

  @Test
  void standsStillWithinAMillionth() {
    BrownianTree tree = new BrownianTree(3, 1, 2);
    assertArrayEquals(new float[20], tree.increment(1.5, 1.5 + 1e-8, 20));
  }
}
