package dev.darkroom.trainer.starter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.trainer.data.Draw;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CaptionWriterTest {
  private static final Emoji APPLE =
      new Emoji(
          "1f34e",
          "red apple",
          List.of("apple", "diet", "food", "fruit", "health", "red"),
          List.of(),
          List.of(),
          List.of(),
          "",
          4);
  private static final Emoji FRANCE =
      new Emoji(
          "1f1eb-1f1f7",
          "flag: France",
          List.of("FR", "flag"),
          List.of(),
          List.of(),
          List.of(),
          "",
          9);

  @Test
  void captionsAreTheSameForTheSameDraw() {
    for (long step = 0; step < 100; step++) {
      Draw draw = new Draw(1, step, 5);
      assertEquals(
          CaptionWriter.caption(APPLE, Background.RED, draw),
          CaptionWriter.caption(APPLE, Background.RED, new Draw(1, step, 5)));
    }
  }

  @Test
  void everyFormIsDrawnAboutAsOftenAsStated() {
    Map<String, Integer> forms = new TreeMap<>();
    for (long step = 0; step < 20_000; step++) {
      String caption = CaptionWriter.caption(APPLE, Background.BLUE, new Draw(1, step, 5));
      assertTrue(caption.endsWith(", blue background"), caption);
      String words = caption.substring(0, caption.length() - ", blue background".length());
      String form =
          words.equals("red apple")
              ? "label"
              : words.equals("a red apple")
                  ? "article"
                  : words.startsWith("red apple, ") ? "label and tags" : "tags";
      forms.merge(form, 1, Integer::sum);
    }
    assertEquals(0.35, forms.get("label") / 20_000.0, 0.02);
    assertEquals(0.2, forms.get("article") / 20_000.0, 0.02);
    assertEquals(0.25, forms.get("label and tags") / 20_000.0, 0.02);
    assertEquals(0.2, forms.get("tags") / 20_000.0, 0.02);
  }

  @Test
  void sixInTenStandOnWhiteAndEveryColourIsDrawn() {
    Map<Background, Integer> seen = new TreeMap<>();
    for (long step = 0; step < 20_000; step++) {
      seen.merge(CaptionWriter.background(new Draw(1, step, 5)), 1, Integer::sum);
    }
    assertEquals(Background.values().length, seen.size());
    assertEquals(0.6, seen.get(Background.WHITE) / 20_000.0, 0.02);
  }

  @Test
  void flagsAreCalledAsPeopleCallThem() {
    boolean said = false;
    for (long step = 0; step < 100; step++) {
      said |=
          CaptionWriter.caption(FRANCE, Background.WHITE, new Draw(1, step, 5))
              .equals("flag of France");
    }
    assertTrue(said);
  }

  @Test
  void aDictionarysWordsAreDrawnInThreeOfTen() {
    Emoji castle =
        new Emoji(
            "1f3f0",
            "castle",
            List.of("building"),
            List.of("palace"),
            List.of(),
            List.of(),
            "a large and stately mansion of a king",
            5);
    Map<String, Integer> forms = new TreeMap<>();
    for (long step = 0; step < 20_000; step++) {
      String caption = CaptionWriter.caption(castle, Background.RED, new Draw(1, step, 5));
      String words = caption.substring(0, caption.length() - ", red background".length());
      if (words.equals("a palace")) {
        forms.merge("synonym", 1, Integer::sum);
      } else if (castle.definition().startsWith(words) && words.split(" ").length >= 5) {
        forms.merge("definition", 1, Integer::sum);
      }
    }
    assertEquals(0.06, forms.get("synonym") / 20_000.0, 0.01);
    assertEquals(0.24, forms.get("definition") / 20_000.0, 0.02);
  }

  @Test
  void coloursAreSaidWithAnyOfItsNames() {
    Emoji ladybug =
        new Emoji(
            "1f41e",
            "lady beetle",
            List.of(),
            List.of("ladybug"),
            List.of("insect", "beetle"),
            List.of("red", "black"),
            "",
            3);
    Map<String, Integer> seen = new TreeMap<>();
    for (long step = 0; step < 20_000; step++) {
      String caption = CaptionWriter.caption(ladybug, Background.RED, new Draw(1, step, 5));
      seen.merge(caption.replace(", red background", ""), 1, Integer::sum);
    }
    for (String noun : List.of("insect", "beetle", "ladybug", "lady beetle")) {
      assertEquals(0.0375, seen.get("a red " + noun) / 20_000.0, 0.01, noun);
      assertEquals(0.0375, seen.get("a red and black " + noun) / 20_000.0, 0.01, noun);
    }
  }
}
