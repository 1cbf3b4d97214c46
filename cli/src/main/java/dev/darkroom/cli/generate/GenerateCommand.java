package dev.darkroom.cli.generate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.cli.console.Console;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.pipeline.GeneratedImage;
import dev.darkroom.diffusion.pipeline.LatentShape;
import dev.darkroom.diffusion.pipeline.Request;
import dev.darkroom.diffusion.pipeline.Seed;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.TextToImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Images from a prompt, in process. Nothing is written before the last image is made. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Images from a prompt, in this process. One JSON line an image.")
public final class GenerateCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private RequestOptions request = new RequestOptions();
  @Mixin private PictureOptions picture = new PictureOptions();
  @Mixin private AdapterOptions adapters = new AdapterOptions();
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
    request.check();
    adapters.check();
    List<Path> files = output.files();
    Path path = model.path();
    model.announce(console);

    long start = System.nanoTime();
    if (threads != null) {
      TorchRuntime.useThreads(threads);
    }
    try (StableDiffusionPipeline loaded = model.load(path)) {
      StableDiffusionPipeline pipeline = adapters.apply(loaded);
      double loadSeconds = (System.nanoTime() - start) / 1e9;
      run(pipeline, path, files, loadSeconds);
    }
    return 0;
  }

  private void run(
      StableDiffusionPipeline pipeline, Path path, List<Path> files, double loadSeconds) {
    Request asked = picture.request(pipeline, request, adapters.sizedLike());
    TextToImage text = asked.text();
    LatentShape shape = pipeline.latentShape(text.width(), text.height());
    List<Seed> seeds = noise.seeds(shape, output.images());

    List<GeneratedImage> made = new ArrayList<>();
    List<ObjectNode> lines = new ArrayList<>();
    for (int from = 0; from < seeds.size(); from += output.batchSize()) {
      StepTimes times = new StepTimes(console);
      int to = Math.min(seeds.size(), from + output.batchSize());
      List<GeneratedImage> batch = pipeline.generate(asked, seeds.subList(from, to), times);
      for (int i = 0; i < batch.size(); i++) {
        lines.add(
            line(files.get(from + i), noise.firstSeed() + from + i, text, path)
                .put("dtype", model.precision().torchName())
                .put("load_seconds", loadSeconds)
                .put("encode_seconds", times.encodeSeconds())
                .put("seconds_per_step", times.secondsPerStep())
                .put("decode_seconds", times.decodeSeconds(i)));
      }
      made.addAll(batch);
    }
    output.write(files, made, lines, shape, console);
  }

  private static ObjectNode line(Path file, long seed, TextToImage text, Path model) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("file", file.toString())
        .put("seed", seed)
        .put("width", text.width())
        .put("height", text.height())
        .put("steps", text.sampling().steps())
        .put("model", model.toString());
  }
}
