package dev.darkroom.trainer.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The lines of {@code metadata.jsonl}, the format of Hugging Face's imagefolder: one JSON object a
 * line with {@code file_name}, {@code text} and, where the model is class-conditioned, {@code
 * label}. Other fields are ignored, as they are there.
 */
record Metadata(List<Line> lines) {
  static final String FILE = "metadata.jsonl";
  static final int MAX_LINES = 1_000_000;
  static final int MAX_TEXT = 10_000;

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /**
   * @param fileName relative to the folder, with forward slashes
   */
  record Line(String fileName, String text, OptionalInt label) {}

  static Metadata read(Path file) {
    List<Line> lines = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      int number = 0;
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        number++;
        if (text.isBlank()) {
          continue;
        }
        Line line = parse(number, text);
        if (!seen.add(line.fileName())) {
          throw invalid(number, "file_name \"%s\" came before".formatted(line.fileName()));
        }
        lines.add(line);
        if (lines.size() > MAX_LINES) {
          throw invalid(number, "expected at most %d lines".formatted(MAX_LINES));
        }
      }
    } catch (CharacterCodingException e) {
      throw new DarkroomException(ErrorCode.INVALID_DATASET, FILE + ": expected UTF-8", e);
    } catch (IOException e) {
      throw DiskErrors.reading(file, e);
    }
    return new Metadata(List.copyOf(lines));
  }

  private static Line parse(int number, String text) {
    JsonNode json;
    try {
      json = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new DarkroomException(
          ErrorCode.INVALID_DATASET,
          "%s line %d: expected a JSON object, got: %s"
              .formatted(FILE, number, e.getOriginalMessage()),
          e);
    }
    JsonNode name = json.path("file_name");
    if (!name.isTextual() || name.textValue().isBlank()) {
      throw invalid(number, "expected an object with \"file_name\", a string");
    }
    JsonNode words = json.path("text");
    if (!words.isMissingNode() && !words.isTextual()) {
      throw invalid(number, "expected \"text\" to be a string, got " + words.getNodeType());
    }
    if (words.asText("").length() > MAX_TEXT) {
      throw invalid(number, "expected \"text\" of at most %d characters".formatted(MAX_TEXT));
    }
    JsonNode label = json.path("label");
    if (!label.isMissingNode()
        && !label.isNull()
        && (!label.canConvertToInt() || label.intValue() < 0)) {
      throw invalid(number, "expected \"label\" to be an integer of at least 0, got " + label);
    }
    return new Line(
        name.textValue(),
        words.asText(""),
        label.canConvertToInt() ? OptionalInt.of(label.intValue()) : OptionalInt.empty());
  }

  private static DarkroomException invalid(int number, String problem) {
    return new DarkroomException(
        ErrorCode.INVALID_DATASET, "%s line %d: %s".formatted(FILE, number, problem));
  }
}
