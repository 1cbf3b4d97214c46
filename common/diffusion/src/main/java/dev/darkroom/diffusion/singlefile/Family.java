package dev.darkroom.diffusion.singlefile;

import dev.darkroom.diffusion.DiffusionException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The families of models that are published as one file, and where each keeps its components. */
public enum Family {
  SD1("sd1", "sd1", 4, Part.UNET, Part.VAE, Part.CLIP),
  SD1_INPAINT("sd1-inpaint", "sd1", 9, Part.UNET, Part.VAE, Part.CLIP),
  /** Brooks et al. 2023. */
  INSTRUCT_PIX2PIX("instruct-pix2pix", "sd1", 8, Part.UNET, Part.VAE, Part.CLIP),
  SD2("sd2", "sd2", 4, Part.UNET, Part.VAE, Part.OPEN_CLIP),
  SD2_INPAINT("sd2-inpaint", "sd2", 9, Part.UNET, Part.VAE, Part.OPEN_CLIP),
  X4_UPSCALER("x4-upscaler", "x4-upscaler", 7, Part.UNET, Part.VAE, Part.OPEN_CLIP),
  /** Podell et al. 2023. */
  SDXL("sdxl", "sdxl", 4, Part.UNET, Part.VAE, Part.XL_CLIP, Part.XL_OPEN_CLIP),
  SDXL_INPAINT("sdxl-inpaint", "sdxl", 9, Part.UNET, Part.VAE, Part.XL_CLIP, Part.XL_OPEN_CLIP),
  SDXL_INSTRUCT_PIX2PIX(
      "sdxl-instruct-pix2pix", "sdxl", 8, Part.UNET, Part.VAE, Part.XL_CLIP, Part.XL_OPEN_CLIP),
  SDXL_REFINER("sdxl-refiner", "sdxl-refiner", 4, Part.UNET, Part.VAE, Part.REFINER_OPEN_CLIP),
  CONTROLNET("controlnet", "controlnet", 4, Part.CONTROLNET),
  VAE("vae", "sd1", 4, Part.LONE_VAE);

  /**
   * A component's place in the file.
   *
   * @param component the folder's name; empty where the component is the whole model
   * @param prefixes of its keys, the one to write first
   */
  record Part(String component, Dialect dialect, List<String> prefixes) {
    private static final String MODEL = "model.diffusion_model.";
    static final Part UNET = new Part("unet", Dialect.UNET, List.of(MODEL));
    static final Part VAE =
        new Part("vae", Dialect.AUTOENCODER, List.of("first_stage_model.", "vae."));
    static final Part LONE_VAE =
        new Part("", Dialect.AUTOENCODER, List.of("", "first_stage_model.", "vae."));
    static final Part CONTROLNET = new Part("", Dialect.CONTROLNET, List.of("control_model.", ""));
    static final Part CLIP =
        new Part("text_encoder", Dialect.CLIP, List.of("cond_stage_model.transformer."));
    static final Part OPEN_CLIP =
        new Part("text_encoder", Dialect.OPEN_CLIP, List.of("cond_stage_model.model."));
    static final Part XL_CLIP =
        new Part("text_encoder", Dialect.CLIP, List.of("conditioner.embedders.0.transformer."));
    static final Part XL_OPEN_CLIP =
        new Part("text_encoder_2", Dialect.OPEN_CLIP, List.of("conditioner.embedders.1.model."));
    static final Part REFINER_OPEN_CLIP =
        new Part("text_encoder_2", Dialect.OPEN_CLIP, List.of("conditioner.embedders.0.model."));
  }

  private final String configName;
  private final String published;
  private final int inChannels;
  private final List<Part> parts;

  Family(String configName, String published, int inChannels, Part... parts) {
    this.configName = configName;
    this.published = published;
    this.inChannels = inChannels;
    this.parts = List.of(parts);
  }

  /**
   * The family of Stable Diffusion XL, with both text encoders, whose U-Net reads so many channels.
   */
  static Family ofXl(int inChannels) {
    return switch (inChannels) {
      case 8 -> SDXL_INSTRUCT_PIX2PIX;
      case 9 -> SDXL_INPAINT;
      default -> SDXL;
    };
  }

  /** Its name on the command line. */
  public String configName() {
    return configName;
  }

  /**
   * @throws DiffusionException if no family has that name
   */
  public static Family parse(String name) {
    for (Family family : values()) {
      if (family.configName.equals(name)) {
        return family;
      }
    }
    throw DiffusionException.badInput(
        "family: expected one of %s, got %s"
            .formatted(
                Arrays.stream(values()).map(Family::configName).collect(Collectors.joining(", ")),
                name));
  }

  /** Where the configs of the family are that it shares. */
  String published() {
    return published;
  }

  /** Channels that its U-Net reads. */
  int inChannels() {
    return inChannels;
  }

  List<Part> parts() {
    return parts;
  }

  /** Whether the model is one component, whose folder has no model_index.json. */
  public boolean isOneComponent() {
    return parts.getFirst().component().isEmpty();
  }
}
