package dev.darkroom.bench.model;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.SeededParameters;
import dev.darkroom.diffusion.singlefile.ClipVocabulary;
import dev.darkroom.diffusion.text.CLIPTextConfig;
import dev.darkroom.diffusion.text.CLIPTextModel;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A diffusers folder of Stable Diffusion 1.5's shapes with random float32 weights, 4.3 GB, in a
 * temporary place; closing it deletes it.
 */
public record RandomModel(Path folder) implements AutoCloseable {
  private static final String CONFIGS = "/dev/darkroom/diffusion/singlefile/sd1/";

  public static RandomModel write() throws IOException {
    RandomModel model = new RandomModel(Files.createTempDirectory("darkroom-bench-model-"));
    boolean whole = false;
    try {
      model.fill();
      whole = true;
      return model;
    } finally {
      if (!whole) {
        model.close();
      }
    }
  }

  private void fill() throws IOException {
    Path folder = folder();
    random(
        source ->
            new CLIPTextModel(CLIPTextConfig.of(config("text_encoder")), source, Execution.TRAINING)
                .save(folder.resolve("text_encoder"), TensorType.F32));
    random(
        source ->
            new UNet2DConditionModel(UNetConfig.of(config("unet")), source, Execution.TRAINING)
                .save(folder.resolve("unet"), TensorType.F32));
    random(
        source ->
            new AutoencoderKL(AutoencoderConfig.of(config("vae")), source, Execution.TRAINING)
                .save(folder.resolve("vae"), TensorType.F32));
    for (String file :
        List.of(
            "model_index.json",
            "scheduler/scheduler_config.json",
            "tokenizer/tokenizer_config.json",
            "tokenizer/special_tokens_map.json")) {
      Path target = folder.resolve(file);
      Files.createDirectories(target.getParent());
      Files.writeString(target, resource(file));
    }
    ClipVocabulary.write(folder.resolve("tokenizer"));
  }

  private static void random(Consumer<ParameterSource> network) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      network.accept(new SeededParameters(manager, 1));
    }
  }

  private static ModelConfig config(String component) {
    return ModelConfig.parse(component, resource(component + "/config.json"));
  }

  private static String resource(String name) {
    try (InputStream in = RandomModel.class.getResourceAsStream(CONFIGS + name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("cannot read the resource " + name, e);
    }
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> inside = Files.walk(folder)) {
      for (Path each : inside.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
