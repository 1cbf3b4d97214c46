package dev.darkroom.diffusion.adapter;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a tensor of a LoRA, DoRA, LoHa or LoKr is to its layer, told by how its key ends. */
enum Part {
  DOWN(
      ".lora_down.weight",
      ".lora_A.weight",
      ".lora_A.default.weight",
      ".lora.down.weight",
      ".lora_linear_layer.down.weight",
      "_lora.down.weight",
      ":down"),
  MID(".lora_mid.weight"),
  UP(
      ".lora_up.weight",
      ".lora_B.weight",
      ".lora_B.default.weight",
      ".lora.up.weight",
      ".lora_linear_layer.up.weight",
      "_lora.up.weight",
      ":up"),
  ALPHA(".alpha"),
  /** DoRA's, of each output. */
  MAGNITUDE(
      ".dora_scale",
      ".lora_magnitude_vector",
      ".lora_magnitude_vector.weight",
      ".lora_magnitude_vector.default",
      ".lora_magnitude_vector.default.weight"),
  HADA_W1_A(".hada_w1_a"),
  HADA_W1_B(".hada_w1_b"),
  HADA_W2_A(".hada_w2_a"),
  HADA_W2_B(".hada_w2_b"),
  HADA_T1(".hada_t1"),
  HADA_T2(".hada_t2"),
  LOKR_W1(".lokr_w1"),
  LOKR_W1_A(".lokr_w1_a"),
  LOKR_W1_B(".lokr_w1_b"),
  LOKR_W2(".lokr_w2"),
  LOKR_W2_A(".lokr_w2_a"),
  LOKR_W2_B(".lokr_w2_b"),
  LOKR_T2(".lokr_t2");

  /** Other adapters than LoRA, by what their keys hold. */
  private static final List<Map.Entry<String, String>> OTHERS =
      List.of(
          Map.entry("oft_", "OFT"),
          Map.entry("ia3", "IA3"),
          Map.entry(".on_input", "IA3"),
          Map.entry(".a1.weight", "GLoRA"),
          Map.entry(".a2.weight", "GLoRA"),
          Map.entry(".b1.weight", "GLoRA"),
          Map.entry(".b2.weight", "GLoRA"),
          Map.entry("w_norm", "norms' differences"),
          Map.entry("b_norm", "norms' differences"),
          Map.entry(".diff", "full differences"));

  private final List<String> ends;

  Part(String... ends) {
    this.ends = List.of(ends);
  }

  /** Whether it is a factor of LoHa. */
  boolean isHada() {
    return name().startsWith("HADA");
  }

  /** Whether it is a factor of LoKr. */
  boolean isLokr() {
    return name().startsWith("LOKR");
  }

  /**
   * A key taken apart.
   *
   * @param layer what the file calls the layer
   */
  record Key(String layer, Part part) {}

  /** Takes a key apart; null where it ends like none of a LoRA's. */
  static @Nullable Key of(String key) {
    for (Part part : values()) {
      for (String end : part.ends) {
        if (key.endsWith(end) && key.length() > end.length()) {
          return new Key(key.substring(0, key.length() - end.length()), part);
        }
      }
    }
    return null;
  }

  /** The kind of adapter that a key of no LoRA belongs to, for errors. */
  static String otherKind(String key) {
    List<String> kinds = new ArrayList<>();
    for (Map.Entry<String, String> other : OTHERS) {
      if (key.contains(other.getKey())) {
        kinds.add(other.getValue());
      }
    }
    return kinds.isEmpty() ? "another tensor" : "one of " + kinds.getFirst();
  }
}
