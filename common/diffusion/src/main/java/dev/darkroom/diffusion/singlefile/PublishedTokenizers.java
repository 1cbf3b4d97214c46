package dev.darkroom.diffusion.singlefile;

import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The tokenizers that single files leave out. They are the same for all files of a family, and
 * parsing one takes a tenth of a second and 20 MB: a process does it once for each.
 */
final class PublishedTokenizers {
  private static final Map<String, PromptTokenizer> PARSED = new ConcurrentHashMap<>();

  private PublishedTokenizers() {}

  /**
   * @param config a published {@code tokenizer_config.json}
   * @param specials the {@code special_tokens_map.json} beside it
   * @return one whose {@code close} does nothing
   */
  static PromptTokenizer of(ComponentConfig config, ComponentConfig specials) {
    return PARSED
        .computeIfAbsent(
            config.name(),
            name ->
                PromptTokenizer.of(
                    Path.of(name), config.json(), specials.json(), ClipVocabulary.pairs()))
        .shared();
  }
}
