package dev.darkroom.diffusion.guidance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.diffusion.DiffusionException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SelfAttentionNamesTest {
  private static final List<String> THERE =
      Stream.of(
              "down_blocks.1.attentions.0.transformer_blocks.0",
              "down_blocks.1.attentions.0.transformer_blocks.1",
              "mid_block.attentions.0.transformer_blocks.0",
              "up_blocks.0.attentions.1.transformer_blocks.0",
              "up_blocks.1.attentions.0.transformer_blocks.0")
          .map(block -> block + ".attn1")
          .toList();

  @Test
  void aNameIsAnyPartOfAKeyOrAnExpressionThatFindsOne() {
    assertNames("mid", 2);
    assertNames("mid_block", 2);
    assertNames("down", 0, 1);
    assertNames("down_blocks.1", 0, 1);
    assertNames("up_blocks.1.attentions.0", 4);
    assertNames("transformer_blocks.1", 1);
    assertNames("up_blocks.(0|1)", 3, 4);
    assertNames("attn1", 0, 1, 2, 3, 4);
  }

  @Test
  void theOlderSpellingMeansTheSame() {
    assertNames("down.block_1", 0, 1);
    assertNames("up.block_0", 3);
    assertNames("up.block_1.attentions_0", 4);
    assertNames("mid.block_0.attentions_0", 2);
  }

  @Test
  void severalNamesAreTakenTogetherInTheOrderOfTheNetwork() {
    assertEquals(
        List.of(THERE.get(0), THERE.get(1), THERE.get(2)),
        List.copyOf(SelfAttentionNames.named(List.of("mid", "down", "mid_block"), THERE)));
  }

  @Test
  void aNameThatNoLayerHasIsRefusedWithThoseThereAre() {
    assertRefused(
        "of which this network has those of down_blocks.1.attentions.0, mid_block.attentions.0,"
            + " up_blocks.0.attentions.1, up_blocks.1.attentions.0; got down_blocks.0",
        List.of("mid", "down_blocks.0"),
        THERE);
    assertRefused("got an empty one", List.of(" "), THERE);
    assertRefused("of which this is none: Unclosed group", List.of("mid("), THERE);
    assertRefused("this network has none; got mid", List.of("mid"), List.of());
  }

  private static void assertNames(String name, Integer... places) {
    assertEquals(
        Stream.of(places).map(THERE::get).toList(),
        List.copyOf(SelfAttentionNames.named(List.of(name), THERE)),
        name);
  }

  private static void assertRefused(String reason, List<String> names, List<String> there) {
    DiffusionException refusal =
        assertThrows(DiffusionException.class, () -> SelfAttentionNames.named(names, there));
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    assertEquals(1, refusal.getMessage().lines().count());
  }
}
