package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.controlnet.ControlScale;
import dev.darkroom.diffusion.controlnet.annotator.Canny;
import dev.darkroom.diffusion.controlnet.annotator.Scribble;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.pipeline.Adapter;
import dev.darkroom.diffusion.pipeline.Control;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What changes or steers a model from outside. */
final class AdapterOptions {
  private static final String NUMBER = "(-?[0-9]*\\.?[0-9]+)";
  private static final Pattern LORA = Pattern.compile("(.+?)(?:@" + NUMBER + ")?");
  private static final Pattern CONTROL =
      Pattern.compile("(.+?)=(.+?)(?:@" + NUMBER + "(?:," + NUMBER + "," + NUMBER + ")?)?");

  @Option(
      names = "--lora",
      paramLabel = "FILE[@SCALE]",
      description =
          "a LoRA or DoRA of kohya, PEFT or diffusers, a LoHa or LoKr of LyCORIS; repeatable")
  private List<String> loras = new ArrayList<>();

  @Option(
      names = "--control",
      paramLabel = "DIR=IMAGE[@SCALE[,START,END]]",
      description =
          "a ControlNet's folder or single file and the picture it reads, at a scale, between two shares of the steps; canny:IMAGE"
              + " and scribble:IMAGE make it of a photo; repeatable")
  private List<String> controls = new ArrayList<>();

  @Option(
      names = "--guess-mode",
      description = "let the ControlNets guess what the picture is, without a prompt")
  private boolean guess;

  private @Nullable List<Control> read;

  /** Refuses what no model could do, before one is loaded. */
  void check() {
    adapters();
    controls();
    if (guess && controls.isEmpty()) {
      throw DiffusionException.badInput("--guess-mode: expected a --control with it, got none");
    }
  }

  /** The model with all of it; closing either closes both. */
  StableDiffusionPipeline apply(StableDiffusionPipeline pipeline) {
    StableDiffusionPipeline applied = pipeline;
    if (!loras.isEmpty()) {
      applied = applied.adapted(adapters());
    }
    if (!controls.isEmpty()) {
      applied = applied.controlled(controls(), guess);
    }
    return applied;
  }

  /**
   * What size a picture has that nobody asked another for: a ControlNet's, as in diffusers.
   *
   * @return null where no ControlNet says
   */
  @Nullable RgbImage sizedLike() {
    return controls.isEmpty() ? null : controls().getFirst().picture();
  }

  private List<Adapter> adapters() {
    List<Adapter> adapters = new ArrayList<>();
    for (String text : loras) {
      Matcher parts = LORA.matcher(text);
      if (!parts.matches()) {
        throw DiffusionException.badInput("--lora: expected FILE[@SCALE], got nothing");
      }
      Path file = Path.of(parts.group(1));
      if (!Files.exists(file)) {
        throw DiffusionException.badInput(
            "--lora: expected a file, or a folder of PEFT's, found nothing at " + file);
      }
      adapters.add(new Adapter(file, number(parts.group(2), 1)));
    }
    return adapters;
  }

  private List<Control> controls() {
    if (read == null) {
      read = controls.stream().map(AdapterOptions::control).toList();
    }
    return read;
  }

  private static Control control(String text) {
    Matcher parts = CONTROL.matcher(text);
    if (!parts.matches()) {
      throw DiffusionException.badInput(
          "--control: expected DIR=IMAGE[@SCALE[,START,END]], got " + text);
    }
    return new Control(
        Path.of(parts.group(1)),
        picture(parts.group(2)),
        new ControlScale(
            number(parts.group(3), 1), number(parts.group(4), 0), number(parts.group(5), 1)));
  }

  private static RgbImage picture(String text) {
    if (text.startsWith("canny:")) {
      return Canny.DEFAULT.of(PictureOptions.read(Path.of(text.substring("canny:".length()))));
    }
    if (text.startsWith("scribble:")) {
      return Scribble.ofPhoto(PictureOptions.read(Path.of(text.substring("scribble:".length()))));
    }
    return PictureOptions.read(Path.of(text));
  }

  private static double number(@Nullable String text, double otherwise) {
    return text == null ? otherwise : Double.parseDouble(text);
  }
}
