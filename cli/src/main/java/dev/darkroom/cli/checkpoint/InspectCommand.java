package dev.darkroom.cli.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.cli.console.Console;
import dev.darkroom.cli.console.ModelPath;
import dev.darkroom.cli.console.SingleFileOptions;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.checkpoint.ModelIndex.Component;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.singlefile.ComponentConfig;
import dev.darkroom.diffusion.singlefile.ComponentKind;
import dev.darkroom.diffusion.singlefile.SingleFile;
import dev.darkroom.diffusion.singlefile.SingleFileWriter;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import dev.darkroom.jobs.objects.ModelFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What a checkpoint is, and whether it is whole. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description =
        "What a model is, and whether it is whole: one JSON object. Its sha256 is the file's, or"
            + " the id that the registry gives a folder.")
public final class InspectCommand implements Callable<Integer> {
  private final Console console;

  @Parameters(
      arity = "0..1",
      paramLabel = "PATH",
      description =
          "a diffusers folder, or a single file (.safetensors, .ckpt, .pth); default: the starter"
              + " model")
  private @Nullable Path path;

  @Mixin private SingleFileOptions options = new SingleFileOptions();

  private final ObjectNode report = JsonNodeFactory.instance.objectNode();
  private final ArrayNode missing = JsonNodeFactory.instance.arrayNode();
  private final ArrayNode unexpected = JsonNodeFactory.instance.arrayNode();
  private final ArrayNode nonFinite = JsonNodeFactory.instance.arrayNode();

  public InspectCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    Path model = ModelPath.any(path);
    String sha256;
    if (!Files.isDirectory(model)) {
      inspectFile(model);
      sha256 = sha256(model);
    } else {
      if (Files.isRegularFile(model.resolve(ModelIndex.FILE))
          || !Files.isRegularFile(model.resolve("config.json"))) {
        inspectFolder(model);
      } else {
        inspectComponent(model);
      }
      sha256 = ModelFiles.scan(model).id().toString();
    }
    report.set("missing", missing);
    report.set("unexpected", unexpected);
    report.set("non_finite", nonFinite);
    report.put("sha256", sha256);
    console.result(report);
    return 0;
  }

  private void inspectFile(Path file) {
    try (SingleFile single = SingleFile.open(file, options.reading(false))) {
      report.put("family", single.family().configName()).put("layout", "compvis");
      if (!single.family().isOneComponent()) {
        report.put("pipeline", single.index().json().path("_class_name").textValue());
      }
      ObjectNode components = report.putObject("components");
      single
          .components()
          .values()
          .forEach(
              component ->
                  ComponentSurvey.of(component.kind(), component.config(), component.weights())
                      .addTo(
                          components,
                          component.name().isEmpty()
                              ? single.family().configName()
                              : component.name(),
                          missing,
                          unexpected,
                          nonFinite));
      single.absent().forEach(missing::add);
      single.unexpected().forEach(unexpected::add);
      if (single.predictionType() != null) {
        report.put("prediction_type", single.predictionType().configName());
      }
    }
  }

  private void inspectFolder(Path folder) {
    ModelIndex index = ModelIndex.read(folder);
    report
        .put("family", family(folder, index))
        .put("layout", "diffusers")
        .put("pipeline", index.className());
    ObjectNode components = report.putObject("components");
    for (Map.Entry<String, Component> entry : index.components().entrySet()) {
      String name = entry.getKey();
      String className = entry.getValue().className();
      Path place = folder.resolve(name);
      ComponentKind kind = ComponentKind.of(className);
      if (kind != null) {
        ComponentSurvey.of(place, kind).addTo(components, name, missing, unexpected, nonFinite);
        continue;
      }
      components.putObject(name).put("class", className);
      if (name.equals("scheduler")) {
        SchedulerConfig scheduler = SchedulerConfig.read(place.resolve("scheduler_config.json"));
        report.put("prediction_type", scheduler.predictionType().configName());
      } else if (className.startsWith("BertTokenizer")) {
        PromptTokenizer.load(place).close();
      } else if (!className.matches(
          ".*(Scheduler|Tokenizer|TokenizerFast|FeatureExtractor|ImageProcessor|SafetyChecker)")) {
        throw DiffusionException.badCheckpoint(
            "%s: component %s is a %s, which is not supported yet"
                .formatted(folder, name, className));
      }
    }
  }

  /** The folder of one component, such as a ControlNet. */
  private void inspectComponent(Path folder) {
    String className = ComponentConfig.read(folder.resolve("config.json")).reader().className();
    ComponentKind kind = ComponentKind.of(className);
    if (kind == null) {
      throw DiffusionException.badCheckpoint(
          "%s: expected a model or a component that is supported, got a %s"
              .formatted(folder, className));
    }
    String family =
        switch (kind) {
          case AUTOENCODER -> "vae";
          case CONTROLNET -> "controlnet";
          case UNET -> "unet";
          case CLIP, CLIP_WITH_PROJECTION, BERT -> "text_encoder";
        };
    report.put("family", family).put("layout", "diffusers");
    ComponentSurvey.of(folder, kind)
        .addTo(report.putObject("components"), family, missing, unexpected, nonFinite);
  }

  private static String family(Path folder, ModelIndex index) {
    if (index.className().equals("StableDiffusionLatentUpscalePipeline")) {
      return "latent-upscaler";
    }
    Component text = index.components().get("text_encoder");
    return index.className().equals("StableDiffusionPipeline")
            && text != null
            && text.className().equals("BertModel")
        ? "sd-bert"
        : SingleFileWriter.family(folder).configName();
  }

  private static String sha256(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 20];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(file + ": cannot be read: " + e.getMessage(), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
