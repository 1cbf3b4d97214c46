package dev.darkroom.cli.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.cli.console.Console;
import dev.darkroom.cli.console.DeviceOption;
import dev.darkroom.cli.console.ModelPath;
import dev.darkroom.cli.console.StoredType;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.unet.UNetConfig;
import dev.darkroom.trainer.data.Captions;
import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.data.FolderDataset;
import dev.darkroom.trainer.loop.Surroundings;
import dev.darkroom.trainer.loop.TrainingLoop.End;
import dev.darkroom.trainer.recipe.AutoencoderRecipeConfig;
import dev.darkroom.trainer.recipe.AutoencoderTraining;
import dev.darkroom.trainer.recipe.Conditioning;
import dev.darkroom.trainer.recipe.LatentDiffusionRecipeConfig;
import dev.darkroom.trainer.recipe.LatentDiffusionTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains, or goes on where the same command was stopped. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "One training recipe on a folder of pictures with metadata.jsonl, in this process. One JSON line a report.",
      "Stopped and started again with the same options, it goes on from its last checkpoint."
    })
public final class TrainCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int STOPPED = 1;

  private enum Recipe {
    AUTOENCODER,
    LATENT_DIFFUSION;

    static Recipe parse(String name) {
      for (Recipe recipe : values()) {
        if (recipe.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(name)) {
          return recipe;
        }
      }
      throw DiffusionException.badInput(
          "--recipe: expected autoencoder or latent-diffusion, got " + name);
    }
  }

  private final Console console;

  @Option(
      names = "--recipe",
      required = true,
      paramLabel = "NAME",
      description = "autoencoder or latent-diffusion")
  private String recipe = "";

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "PNG, JPEG or WebP pictures, and metadata.jsonl with file_name and text")
  private Path data = Path.of("");

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "the diffusers folder to start from; default: the starter model; an autoencoder with none starts from nothing")
  private @Nullable Path model;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "the recipe's settings as JSON; what it leaves out has its default")
  private @Nullable Path config;

  @Option(names = "--steps", paramLabel = "N", description = "in place of the settings' own")
  private @Nullable Integer steps;

  @Option(names = "--seed", paramLabel = "S", description = "in place of the settings' own")
  private @Nullable Long seed;

  @Option(names = "--threads", paramLabel = "N", description = "in place of the settings' own")
  private @Nullable Integer threads;

  @Mixin private DeviceOption device = new DeviceOption();

  @Option(
      names = "--size",
      paramLabel = "PIXELS",
      description = "side of the training pictures; default: the model's own")
  private @Nullable Integer size;

  @Option(
      names = "--validation-data",
      paramLabel = "DIR",
      description =
          "pictures that an autoencoder is only measured on; default: those it learns from")
  private @Nullable Path validationData;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description =
          "of the result's weights: float32, float16 or bfloat16; default ${DEFAULT-VALUE}")
  private String dtype = "float16";

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "checkpoints, caches and sample grids; default: <out>.training")
  private @Nullable Path work;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "the trained model; a folder that is not there yet")
  private Path out = Path.of("");

  public TrainCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    Recipe chosen = Recipe.parse(recipe);
    TensorType type = StoredType.parse(dtype);
    if (Files.exists(out)) {
      throw DiffusionException.badInput(
          "--out: expected a folder that is not there yet, found %s".formatted(out));
    }
    String settings = settings();
    WorkFolder folder =
        new WorkFolder(work == null ? out.resolveSibling(out.getFileName() + ".training") : work);
    Run run =
        switch (chosen) {
          case AUTOENCODER -> autoencoder(settings);
          case LATENT_DIFFUSION -> latentDiffusion(settings);
        };
    Path result = folder.freshResult();
    try (GracefulStop stop = new GracefulStop()) {
      Surroundings surroundings =
          new Surroundings(
              folder.checkpoints(), new PrintedProgress(console, folder.samples()), stop);
      End end = run.train(folder, surroundings, type, result);
      switch (end) {
        case STOPPED -> {
          console.progress(
              "stopped; the same command goes on from the last checkpoint in " + folder.root());
          return STOPPED;
        }
        case FINISHED -> folder.publish(result, out);
      }
    }
    console.result(JsonNodeFactory.instance.objectNode().put("model", out.toString()));
    return 0;
  }

  /** A recipe with its settings and data, checked. */
  private interface Run {
    End train(WorkFolder folder, Surroundings surroundings, TensorType type, Path result);
  }

  private Run latentDiffusion(String settings) {
    LatentDiffusionRecipeConfig parsed = LatentDiffusionRecipeConfig.parse(name(), settings);
    Path base = ModelPath.folder(model);
    Captions captions =
        parsed.conditioning() == Conditioning.TEXT ? Captions.REQUIRED : Captions.OPTIONAL;
    Dataset pictures = FolderDataset.open(data, size == null ? side(base) : size, captions);
    return (folder, surroundings, type, result) ->
        LatentDiffusionTraining.run(
            parsed, base, pictures, folder.caches(), surroundings, device.device(), type, result);
  }

  private Run autoencoder(String settings) {
    AutoencoderRecipeConfig parsed = AutoencoderRecipeConfig.parse(name(), settings);
    Path base = model == null ? null : ModelPath.folder(model);
    int side = size != null ? size : base != null ? side(base) : 2 * parsed.crop();
    Dataset pictures = FolderDataset.open(data, side, Captions.OPTIONAL);
    Dataset measured =
        validationData == null
            ? pictures
            : FolderDataset.open(validationData, side, Captions.OPTIONAL);
    return (folder, surroundings, type, result) ->
        base == null
            ? AutoencoderTraining.fromNothing(
                parsed, pictures, measured, surroundings, device.device(), type, result)
            : AutoencoderTraining.from(
                base, parsed, pictures, measured, surroundings, device.device(), type, result);
  }

  /** Of the pictures that a model makes. */
  private static int side(Path base) {
    int latent = UNetConfig.of(ComponentFolder.config(base.resolve("unet"))).sampleSize();
    int factor = AutoencoderConfig.of(ComponentFolder.config(base.resolve("vae"))).factor();
    if (latent == 0) {
      throw DiffusionException.badInput(
          "--size: expected a size, as the model %s has no sample_size".formatted(base));
    }
    return latent * factor;
  }

  private String name() {
    return config == null ? "settings" : config.toString();
  }

  /** The file's settings, with those of the command line in their place. */
  private String settings() {
    ObjectNode settings = JSON.createObjectNode();
    if (config != null) {
      settings = read(config);
    }
    ObjectNode run =
        settings.path("run") instanceof ObjectNode given ? given : settings.putObject("run");
    if (steps != null) {
      run.put("steps", steps);
    }
    if (seed != null) {
      run.put("seed", seed);
    }
    if (threads != null) {
      run.put("threads", threads);
    }
    return settings.toString();
  }

  private static ObjectNode read(Path file) {
    try {
      JsonNode json = JSON.readTree(Files.readString(file));
      if (json instanceof ObjectNode object) {
        return object;
      }
      throw DiffusionException.badInput("%s: expected a JSON object".formatted(file));
    } catch (JsonProcessingException e) {
      throw DiffusionException.badInput(
          "%s: expected JSON, got: %s".formatted(file, e.getOriginalMessage()));
    } catch (IOException e) {
      throw DiffusionException.badInput("%s: expected a file that can be read".formatted(file));
    }
  }
}
