package dev.darkroom.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.cli.console.Console;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Ids of prompts, as a pipeline passes them to its text encoder. */
@Command(
    name = "tokenize",
    mixinStandardHelpOptions = true,
    description =
        "Ids of prompts: JSON strings in, one a line; {\"input_ids\": [...]} out, one a line.")
final class TokenizeCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Console console;

  @Option(
      names = "--tokenizer",
      required = true,
      paramLabel = "DIR",
      description =
          "a folder with tokenizer_config.json and tokenizer.json, vocab.txt, vocab.json with merges.txt, or spiece.model")
  private Path folder = Path.of("");

  @Option(
      names = "--max-length",
      paramLabel = "N",
      description = "cut and padded to N; default: what the folder says")
  private @Nullable Integer maxLength;

  TokenizeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try (PromptTokenizer tokenizer =
            maxLength == null
                ? PromptTokenizer.load(folder)
                : PromptTokenizer.load(folder, maxLength);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(console.in(), StandardCharsets.UTF_8))) {
      int number = 0;
      for (String line = lines.readLine();
          line != null && !console.isLost();
          line = lines.readLine()) {
        number++;
        ObjectNode result = JSON.createObjectNode();
        ArrayNode ids = result.putArray("input_ids");
        for (long id : tokenizer.encode(prompt(line, number)).ids()) {
          ids.add(id);
        }
        console.result(result);
      }
    }
    return 0;
  }

  private static String prompt(String line, int number) {
    JsonNode json;
    try {
      json = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw DiffusionException.badInput(
          "line %d: expected a JSON string, got %s".formatted(number, line));
    }
    if (!json.isTextual()) {
      throw DiffusionException.badInput(
          "line %d: expected a JSON string, got %s".formatted(number, line));
    }
    return json.textValue();
  }
}
