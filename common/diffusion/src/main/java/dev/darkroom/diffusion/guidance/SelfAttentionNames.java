package dev.darkroom.diffusion.guidance;

import dev.darkroom.diffusion.DiffusionException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/**
 * Which self-attention layers of a network a user means: {@code pag_applied_layers} of diffusers. A
 * name is any part of a layer's key, or a regular expression that finds one: {@code mid}, {@code
 * down_blocks.1}, {@code up_blocks.1.attentions.0}, {@code blocks.(1|2)}. An older spelling, which
 * comments in diffusers still give as the example, means the same: {@code down.block_1}, {@code
 * up.block_1.attentions_0}.
 */
public final class SelfAttentionNames {
  private static final Pattern BLOCK = Pattern.compile("^(?:(down|up)_blocks\\.(\\d+)|mid_block)");
  private static final Pattern ATTENTION = Pattern.compile("\\battentions\\.(\\d+)");

  private SelfAttentionNames() {}

  /**
   * @param there every self-attention layer of the network, by diffusers' keys
   * @return those that are named, in the order of the network
   * @throws DiffusionException for a name that no layer has, saying which there are
   */
  public static Set<String> named(List<String> names, List<String> there) {
    Set<String> found = new LinkedHashSet<>();
    for (String name : names) {
      Pattern wanted = pattern(name);
      List<String> those =
          there.stream()
              .filter(key -> wanted.matcher(key).find() || wanted.matcher(older(key)).find())
              .toList();
      if (name.isBlank() || those.isEmpty()) {
        throw DiffusionException.badInput(
            "perturbed attention layers: expected a part of the name of a self-attention layer, of which this network has %s; got %s"
                .formatted(blocks(there), name.isBlank() ? "an empty one" : name));
      }
      found.addAll(those);
    }
    return there.stream()
        .filter(found::contains)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private static Pattern pattern(String name) {
    try {
      return Pattern.compile(name);
    } catch (PatternSyntaxException e) {
      throw DiffusionException.badInput(
          "perturbed attention layers: expected a name or a regular expression, got %s, of which this is none: %s"
              .formatted(name, e.getDescription()));
    }
  }

  /** The key in the older spelling. */
  private static String older(String key) {
    String named =
        BLOCK
            .matcher(key)
            .replaceFirst(
                block ->
                    block.group(1) == null
                        ? "mid.block_0"
                        : block.group(1) + ".block_" + block.group(2));
    return ATTENTION.matcher(named).replaceFirst("attentions_$1");
  }

  /** The transformers that hold the layers, which is as much as people name. */
  private static String blocks(List<String> there) {
    String blocks =
        there.stream()
            .map(key -> key.replaceFirst("\\.transformer_blocks\\..*", ""))
            .distinct()
            .collect(Collectors.joining(", "));
    return blocks.isEmpty() ? "none" : "those of " + blocks;
  }
}
