package dev.darkroom.diffusion.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ComfyEmphasisTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '"',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "normal text#normal text=1.0",
        "a (b) c#a =1.0|b=1.1| c=1.0",
        "((b))#b=1.21",
        "(b:1.3)#b=1.3",
        "(a (b:0.5) c:1.4)#a =1.4|b=0.5| c=1.4",
        "((b:2))#b=2.0",
        "(x:y)#x:y=1.1",
        "(:1.2)#:1.2=1.1",
        "\\(a\\) [b]#(a) [b]=1.0",
        "(a#(a=1.0",
        "a)b#a)b=1.0",
        "(a:1.2) (b:-0.5)#a=1.2| =1.0|b=-0.5",
      })
  void givesEachWordsWeight(String prompt, String expected) {
    assertEquals(
        expected,
        ComfyEmphasis.parse(prompt).stream()
            .map(piece -> piece.text() + "=" + Math.round(piece.weight() * 1000) / 1000.0)
            .collect(Collectors.joining("|")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"render:3D", "cat:2f", "cat:0x1p3", "cat:NaN", "cat:Infinity", "cat:1_0"})
  void whatJavaAloneTakesForAFiniteNumberIsText(String text) {
    assertEquals(List.of(new Piece.Words(text, 1.1)), ComfyEmphasis.parse("(" + text + ")"));
  }

  @Test
  void bracketsOfAnyDepthEnd() {
    int depth = 50_000;
    List<Piece.Words> pieces = ComfyEmphasis.parse("(".repeat(depth) + "a" + ")".repeat(depth));
    assertEquals(1, pieces.size());
    assertEquals(Math.pow(1.1, 64), pieces.getFirst().weight(), 1e-9);
  }

  @Test
  void anEmptyPromptHasNoPieces() {
    assertTrue(ComfyEmphasis.parse("").isEmpty());
  }
}
