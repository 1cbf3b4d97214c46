package dev.darkroom.trainer.starter;

import dev.darkroom.trainer.data.DiskErrors;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A prompt, and the picture that it asks for.
 *
 * @param index of the picture in the dataset
 */
record EvaluationPrompt(String text, int index) {
  private static final String REWORDED = "reworded.tsv";

  /** As many labels as asked for, evenly spread over the pictures. */
  static List<EvaluationPrompt> labels(EmojiDataset data, int count) {
    List<EvaluationPrompt> prompts = new ArrayList<>();
    for (int at = 0; at < count; at++) {
      int index = (int) ((long) at * data.size() / count);
      prompts.add(new EvaluationPrompt(data.emoji(index).label(), index));
    }
    return prompts;
  }

  /** The first of the hundred that ask in other words than the label's. */
  static List<EvaluationPrompt> reworded(EmojiDataset data, int count) {
    Map<String, Integer> indices = new HashMap<>();
    for (int index = 0; index < data.size(); index++) {
      indices.put(data.emoji(index).code(), index);
    }
    List<EvaluationPrompt> prompts = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(EvaluationPrompt.class.getResourceAsStream(REWORDED)),
                StandardCharsets.UTF_8))) {
      for (String line = lines.readLine();
          line != null && prompts.size() < count;
          line = lines.readLine()) {
        Integer index = indices.get(line.substring(0, Math.max(0, line.indexOf('\t'))));
        if (index != null) {
          prompts.add(new EvaluationPrompt(line.substring(line.indexOf('\t') + 1), index));
        }
      }
    } catch (IOException e) {
      throw DiskErrors.reading(Path.of(REWORDED), e);
    }
    return prompts;
  }
}
