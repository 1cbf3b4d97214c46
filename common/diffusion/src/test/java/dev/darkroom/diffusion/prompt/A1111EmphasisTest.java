package dev.darkroom.diffusion.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class A1111EmphasisTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '"',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "normal text#normal text=1.0",
        "an (important) word#an =1.0|important=1.1| word=1.0",
        "(unbalanced#unbalanced=1.1",
        "\\(literal\\]#(literal]=1.0",
        "(unnecessary)(parens)#unnecessaryparens=1.1",
        "a (b:0.5) [c]#a =1.0|b=0.5| =1.0|c=0.909",
        "((a:2) b)#a=2.2| b=1.1",
        "(a:+.5)#a=0.5",
        "(a:1.2.3)#a:1.2.3)=1.1",
        "a: b#a: b=1.0",
        "a) b]#a) b]=1.0",
        "back\\slash#backslash=1.0",
        "\\\\#\\=1.0",
        "(a:-1)#a=-1.0",
        "cat BREAK dog#cat=1.0|BREAK|dog=1.0",
        "BREAKFAST#BREAKFAST=1.0",
      })
  void givesEachWordsWeight(String prompt, String expected) {
    assertEquals(expected, A1111EmphasisTest.told(A1111Emphasis.parse(prompt)));
  }

  @Test
  void weightsMultiplyWhereTheyNest() {
    String prompt = "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).";
    assertEquals(
        "a =1.0|house=1.573| =1.1|on=1.0| a =1.1|hill=0.55|, sun, =1.1|sky=1.464|.=1.1",
        told(A1111Emphasis.parse(prompt)));
  }

  @Test
  void anEmptyPromptIsOnePiece() {
    assertEquals(List.of(new Piece.Words("", 1)), A1111Emphasis.parse(""));
    assertEquals(List.of(new Piece.Words("", 1)), A1111Emphasis.parse("()"));
  }

  private static String told(List<Piece> pieces) {
    return pieces.stream()
        .map(
            piece ->
                switch (piece) {
                  case Piece.Break() -> "BREAK";
                  case Piece.Words(String text, double weight) ->
                      text + "=" + Math.round(weight * 1000) / 1000.0;
                })
        .collect(Collectors.joining("|"));
  }
}
