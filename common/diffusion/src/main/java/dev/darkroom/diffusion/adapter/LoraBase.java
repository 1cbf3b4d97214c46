package dev.darkroom.diffusion.adapter;

import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.KeyMap;
import dev.darkroom.diffusion.nn.AdaptableLayers;
import dev.darkroom.diffusion.text.CLIPTextEncoder;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetKeys;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A component that a LoRA file may change, and what the dialects call its layers. */
public final class LoraBase {
  private static final Pattern ATTENTION =
      Pattern.compile("(.*attn[12])\\.(to_q|to_k|to_v|to_out)(?:\\.0)?");
  private static final Pattern BLOCK = Pattern.compile("(.*\\.transformer_blocks\\.\\d+)\\..*");

  /** A transformer block's linear layers in the order in which cloneofsimo's files count them. */
  private static final List<String> ATTENDING = List.of("to_q", "to_k", "to_v", "to_out.0");

  private final String name;
  private final Map<String, Shape> shapes;
  private final Map<String, String> aliases;

  /**
   * @param aliases layers by what files call them
   */
  private LoraBase(String name, AdaptableLayers layers, Map<String, String> aliases) {
    this.name = name;
    this.shapes = layers.shapes();
    this.aliases = aliases;
  }

  /**
   * diffusers' name of the component: {@code unet}, {@code text_encoder}, {@code text_encoder_2}.
   */
  public String name() {
    return name;
  }

  public static LoraBase of(UNet2DConditionModel unet) {
    KeyMap compVis = UNetKeys.compVis(unet.config());
    Map<String, String> aliases = new LinkedHashMap<>();
    for (String layer : unet.adaptable().shapes().keySet()) {
      // kohya; for SDXL it keeps the names of the single file
      aliases.put("lora_unet_" + layer.replace('.', '_'), layer);
      String original = compVis.original(layer);
      if (original != null) {
        aliases.put("lora_unet_" + original.replace('.', '_'), layer);
        aliases.put("diffusion_model." + original, layer);
      }
      addPaths(aliases, "unet.", layer, layer);
      Matcher attention = ATTENTION.matcher(layer);
      if (attention.matches()) {
        // diffusers until 0.22 kept attention's adapters in a processor
        String processor = attention.group(1) + ".processor." + attention.group(2);
        addPaths(aliases, "unet.", processor, layer);
      }
    }
    return new LoraBase("unet", unet.adaptable(), aliases);
  }

  public static LoraBase of(CLIPTextEncoder encoder) {
    return textEncoder("text_encoder", List.of("lora_te_", "lora_te1_"), encoder);
  }

  /** The second text encoder of Stable Diffusion XL. */
  public static LoraBase second(CLIPTextEncoder encoder) {
    return textEncoder("text_encoder_2", List.of("lora_te2_"), encoder);
  }

  private static LoraBase textEncoder(String name, List<String> kohya, CLIPTextEncoder encoder) {
    Map<String, String> aliases = new LinkedHashMap<>();
    for (String layer : encoder.adaptable().shapes().keySet()) {
      for (String prefix : kohya) {
        aliases.put(prefix + layer.replace('.', '_'), layer);
      }
      addPaths(aliases, name + ".", layer, layer);
      // transformers 5 has no text_model in its names
      addPaths(aliases, name + ".", layer.replaceFirst("^text_model\\.", ""), layer);
      if (layer.contains(".self_attn.")) {
        String older =
            layer
                .replaceFirst("\\.(q|k|v)_proj$", ".to_$1")
                .replaceFirst("\\.out_proj$", ".to_out");
        addPaths(aliases, name + ".", older, layer);
      }
    }
    return new LoraBase(name, encoder.adaptable(), aliases);
  }

  /** diffusers' name, and PEFT's for a component saved by itself. */
  private static void addPaths(
      Map<String, String> aliases, String component, String path, String layer) {
    aliases.put(component + path, layer);
    aliases.put("base_model.model." + path, layer);
    aliases.put(path, layer);
  }

  /** The shape of a layer's weight. */
  Shape shape(String layer) {
    Shape shape = shapes.get(layer);
    if (shape == null) {
      throw DiffusionException.internal("no layer " + layer, null);
    }
    return shape;
  }

  /**
   * The layers that cloneofsimo's files know by number alone: those of the classes that were
   * trained, in the order in which PyTorch lists them. A U-Net lists its middle last.
   *
   * @param classes names of diffusers' and transformers' classes
   */
  List<String> numbered(Set<String> classes) {
    List<String> numbered = new ArrayList<>();
    if (!name.equals("unet")) {
      for (String layer : shapes.keySet()) {
        if (classes.contains("CLIPAttention") && layer.endsWith(".self_attn.k_proj")) {
          String attention = layer.substring(0, layer.lastIndexOf('.') + 1);
          for (String part : List.of("k_proj", "v_proj", "q_proj", "out_proj")) {
            numbered.add(attention + part);
          }
        }
      }
      return numbered;
    }
    boolean attends = classes.contains("CrossAttention") || classes.contains("Attention");
    for (String block : transformerBlocks()) {
      if (attends) {
        ATTENDING.forEach(part -> numbered.add(block + ".attn1." + part));
      }
      if (classes.contains("GEGLU")) {
        numbered.add(block + ".ff.net.0.proj");
      }
      if (attends) {
        ATTENDING.forEach(part -> numbered.add(block + ".attn2." + part));
      }
    }
    return numbered;
  }

  private Set<String> transformerBlocks() {
    Set<String> blocks = new LinkedHashSet<>();
    for (String stage : List.of("down_blocks.", "up_blocks.", "mid_block.")) {
      for (String layer : shapes.keySet()) {
        Matcher matcher = BLOCK.matcher(layer);
        if (layer.startsWith(stage) && matcher.matches()) {
          blocks.add(matcher.group(1));
        }
      }
    }
    return blocks;
  }

  /** The layer that a file means, or null. */
  @Nullable String layer(String alias) {
    return aliases.get(alias);
  }
}
