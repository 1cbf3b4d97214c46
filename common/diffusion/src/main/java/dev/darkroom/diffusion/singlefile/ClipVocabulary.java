package dev.darkroom.diffusion.singlefile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.tokenizer.BytePairs;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * The vocabulary that every published CLIP shares, which single files leave out: as the files of
 * transformers' CLIPTokenizer. Radford et al. 2021; OpenAI, MIT licence.
 */
public final class ClipVocabulary {
  private static final String MERGES = "clip/merges.txt.gz";
  private static final String END_OF_WORD = "</w>";
  private static final List<String> MARKS = List.of("<|startoftext|>", "<|endoftext|>");

  private ClipVocabulary() {}

  /** Writes {@code merges.txt} and {@code vocab.json}. */
  public static void write(Path folder) {
    String merges = new String(merges(), StandardCharsets.UTF_8);
    try {
      Files.writeString(folder.resolve("merges.txt"), merges);
      Files.writeString(folder.resolve("vocab.json"), vocabulary(merges).toString());
    } catch (IOException e) {
      throw DiffusionException.internal("cannot write CLIP's vocabulary to " + folder, e);
    }
  }

  /** The same in memory. */
  static BytePairs pairs() {
    return new BytePairs(single(), merges(), MARKS);
  }

  private static byte[] merges() {
    try (InputStream in = ClipVocabulary.class.getResourceAsStream(MERGES)) {
      if (in == null) {
        throw DiffusionException.internal("no resource " + MERGES, null);
      }
      return new GZIPInputStream(in).readAllBytes();
    } catch (IOException e) {
      throw DiffusionException.internal("cannot read the resource " + MERGES, e);
    }
  }

  /** Ids in order: the bytes, the bytes that end a word, the merged pairs, the two marks. */
  private static ObjectNode vocabulary(String merges) {
    List<String> tokens = single();
    merges.lines().skip(1).forEach(pair -> tokens.add(pair.replace(" ", "")));
    tokens.addAll(MARKS);
    ObjectNode vocabulary = JsonNodeFactory.instance.objectNode();
    tokens.forEach(token -> vocabulary.put(token, vocabulary.size()));
    return vocabulary;
  }

  /** The bytes, and the bytes that end a word. */
  private static List<String> single() {
    List<String> tokens = bytes();
    bytes().forEach(symbol -> tokens.add(symbol + END_OF_WORD));
    return tokens;
  }

  /** A letter for every byte: those that can be seen stand for themselves, and come first. */
  private static List<String> bytes() {
    List<String> seen = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      boolean isSeen = b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae;
      if (isSeen) {
        seen.add(String.valueOf((char) b));
      } else {
        others.add(String.valueOf((char) (256 + others.size())));
      }
    }
    seen.addAll(others);
    return seen;
  }
}
