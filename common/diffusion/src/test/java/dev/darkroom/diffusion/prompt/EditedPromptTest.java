package dev.darkroom.diffusion.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EditedPromptTest {

  /** The examples of A1111's documentation, over ten steps: where each text ends. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '"',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "test#10=test",
        "a [b:3]#3=a |10=a b",
        "a [b: 3]#3=a |10=a b",
        "a [[[b]]:2]#2=a |10=a [[b]]",
        "[(a:2):3]#3=|10=(a:2)",
        "a [b : c : 1] d#1=a b  d|10=a  c  d",
        "a[b:[c:d:2]:1]e#1=abe|2=ace|10=ade",
        "a [unbalanced#10=a [unbalanced",
        "a [b:.5] c#5=a  c|10=a b c",
        "a [b::0.3]#3=a b|10=a ",
        "((a][:b:c [d:3]#3=((a][:b:c |10=((a][:b:c d",
        "[red] (a:1.2) \\[b:c:3\\]#10=[red] (a:1.2) \\[b:c:3\\]",
        "a [b:c:d]#10=a [b:c:d]",
      })
  void changesWhereItSays(String prompt, String expected) {
    EditedPrompt parsed = EditedPrompt.parse(prompt);
    List<String> told = new ArrayList<>();
    for (int step = 1; step <= 10; step++) {
      if (step == 10 || !parsed.at(step, 10).equals(parsed.at(step + 1, 10))) {
        told.add(step + "=" + parsed.at(step, 10));
      }
    }
    assertEquals(expected, String.join("|", told));
  }

  @Test
  void alternatesFromStepToStep() {
    EditedPrompt prompt = EditedPrompt.parse("[a|(b:1.1)]");
    assertEquals("a", prompt.at(1, 10));
    assertEquals("(b:1.1)", prompt.at(2, 10));
    assertEquals("a", prompt.at(9, 10));
    EditedPrompt gone = EditedPrompt.parse("[fe|||]male");
    assertEquals(
        List.of("female", "male", "male", "male", "female"),
        List.of(gone.at(1, 10), gone.at(2, 10), gone.at(3, 10), gone.at(4, 10), gone.at(5, 10)));
  }

  @Test
  void aFractionIsOfAllStepsAndACountIsNot() {
    assertEquals("b", EditedPrompt.parse("[a:b:0.5]").at(11, 20));
    assertEquals("a", EditedPrompt.parse("[a:b:0.5]").at(10, 20));
    assertEquals("b", EditedPrompt.parse("[a:b:1]").at(2, 20));
    assertEquals("a", EditedPrompt.parse("[a:b:1.0]").at(20, 20));
  }

  @Test
  void bracketsWithoutEndAreTextAndEndNothing() {
    String open = "[".repeat(100_000);
    assertEquals(open, EditedPrompt.parse(open).at(1, 1));
    String deep = "[".repeat(1000) + "a" + "]".repeat(1000);
    assertEquals(deep, EditedPrompt.parse(deep).at(1, 1));
  }

  @Test
  void andSeparatesPartsWithWeights() {
    ComposedPrompt prompt =
        ComposedPrompt.parse("a cat :1.5 AND a dog AND SAND", PromptSyntax.A1111);
    assertEquals(3, prompt.parts().size());
    assertEquals("a cat", prompt.parts().get(0).prompt().at(1, 1));
    assertEquals(1.5, prompt.parts().get(0).weight());
    assertEquals(" a dog ", prompt.parts().get(1).prompt().at(1, 1));
    assertEquals(1, prompt.parts().get(1).weight());
    assertEquals(" SAND", prompt.parts().get(2).prompt().at(1, 1));
    assertTrue(ComposedPrompt.parse("a AND b", PromptSyntax.COMFY).isSingle());
  }
}
