package dev.darkroom.cli.generate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.cli.console.Console;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.kernels.QuietExit;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.pipeline.DiffusionPipeline;
import dev.darkroom.diffusion.pipeline.GeneratedImage;
import dev.darkroom.diffusion.pipeline.Seed;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.UnconditionalPipeline;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** Images from a prompt, in process. Nothing is written before the last image is made. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Images from a prompt, in this process. One JSON line an image.")
public final class GenerateCommand implements Callable<Integer> {
  private final Console console;

  @Spec private CommandSpec command = CommandSpec.create();

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private RequestOptions request = new RequestOptions();
  @Mixin private PictureOptions picture = new PictureOptions();
  @Mixin private AdapterOptions adapters = new AdapterOptions();
  @Mixin private WindowOptions windows = new WindowOptions();
  @Mixin private NoiseOptions noise = new NoiseOptions();
  @Mixin private OutputOptions output = new OutputOptions();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "of one operation; default: all cores")
  private @Nullable Integer threads;

  public GenerateCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    QuietExit.want();
    request.check();
    adapters.check();
    windows.check();
    List<Path> files = output.files();
    Path path = model.path();
    model.announce(console);

    long start = System.nanoTime();
    if (threads != null) {
      TorchRuntime.useThreads(threads);
    }
    ParseResult given = command.commandLine().getParseResult();
    try (DiffusionPipeline loaded =
        model.load(path, readsText -> FittingFlags.check(given, readsText))) {
      Task task = task(loaded);
      double loadSeconds = (System.nanoTime() - start) / 1e9;
      run(task, path, files, loadSeconds);
    }
    return 0;
  }

  private Task task(DiffusionPipeline loaded) {
    return switch (loaded) {
      case StableDiffusionPipeline stable -> {
        StableDiffusionPipeline pipeline = windows.apply(adapters.apply(stable));
        yield Task.of(pipeline, picture.request(pipeline, request, adapters.sizedLike()));
      }
      case UnconditionalPipeline plain -> Task.of(windows.apply(plain), request.unprompted(plain));
    };
  }

  private void run(Task task, Path path, List<Path> files, double loadSeconds) {
    List<Seed> seeds = noise.seeds(task.shape(), output.images());

    List<float[]> latents = new ArrayList<>();
    for (int from = 0; from < seeds.size(); from += output.batchSize()) {
      StepTimes times = new StepTimes(console);
      int to = Math.min(seeds.size(), from + output.batchSize());
      List<GeneratedImage> batch = task.generator().generate(seeds.subList(from, to), times);
      for (int i = 0; i < batch.size(); i++) {
        GeneratedImage made = batch.get(i);
        Path file = files.get(from + i);
        ObjectNode line =
            line(file, noise.firstSeed() + from + i, made.image(), task, path)
                .put("dtype", model.precision().torchName())
                .put("load_seconds", loadSeconds)
                .put("encode_seconds", times.encodeSeconds())
                .put("seconds_per_step", times.secondsPerStep())
                .put("decode_seconds", times.decodeSeconds(i));
        output.write(file, made.image(), line, console);
        if (output.savesLatents()) {
          latents.add(made.latent());
        }
      }
    }
    if (output.savesLatents()) {
      output.writeLatents(latents, task.shape());
    }
  }

  private static ObjectNode line(Path file, long seed, RgbImage image, Task task, Path model) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("file", file.toString())
        .put("seed", seed)
        .put("width", image.width())
        .put("height", image.height())
        .put("steps", task.steps())
        .put("model", model.toString());
  }
}
