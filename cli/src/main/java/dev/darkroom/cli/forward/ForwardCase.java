package dev.darkroom.cli.forward;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.autoencoder.AutoencoderTiny;
import dev.darkroom.diffusion.autoencoder.VQModel;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.controlnet.ControlNetModel;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.text.BertModel;
import dev.darkroom.diffusion.text.CLIPTextModel;
import dev.darkroom.diffusion.text.CLIPTextModelWithProjection;
import dev.darkroom.diffusion.text.T5EncoderModel;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNet2DModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** One case: a folder with a config, weights under any name, and inputs. */
record ForwardCase(Path folder) {
  private static final String CONFIG = "config.json";

  ForwardCase {
    if (!Files.isDirectory(folder)) {
      throw DiffusionException.badInput(
          "case: expected a folder with %s and %s, found none at %s"
              .formatted(CONFIG, Inputs.FILE, folder));
    }
  }

  String name() {
    return folder.toAbsolutePath().normalize().getFileName().toString();
  }

  /** Runs it and writes {@code <out>/<name>.safetensors}; returns the names of the outputs. */
  Set<String> run(Path out, Device device) {
    ModelConfig config = ModelConfig.of(folder.resolve(CONFIG));
    String className = config.className();
    try (GradMode mode = GradMode.off();
        NDManager manager = TorchRuntime.newManager(device);
        Inputs inputs = new Inputs(folder, manager)) {
      Map<String, NDArray> outputs =
          switch (className) {
            case null ->
                throw DiffusionException.badInput(
                    folder + ": expected _class_name or architectures in config.json, got neither");
            case "UNet2DConditionModel",
                "UNet2DModel",
                "ControlNetModel",
                "AutoencoderKL",
                "AutoencoderTiny",
                "VQModel",
                "BertModel",
                "CLIPTextModel",
                "CLIPTextModelWithProjection",
                "T5EncoderModel" ->
                ofComponent(className, config, inputs);
            case String name when name.endsWith("Scheduler") ->
                SchedulerForward.run(folder.resolve(CONFIG), inputs);
            default ->
                throw DiffusionException.badInput(
                    "%s: class %s is not supported yet".formatted(folder, className));
          };
      inputs.requireAllAsked();
      createFolder(out);
      SafetensorsWriter.write(
          out.resolve(name() + ".safetensors"), outputs, TensorType.F32, Map.of());
      return outputs.keySet();
    }
  }

  private Map<String, NDArray> ofComponent(String className, ModelConfig config, Inputs inputs) {
    try (Checkpoint weights = Checkpoint.of(folder, weights())) {
      return switch (className) {
        case "UNet2DConditionModel" ->
            ComponentForward.unet(
                UNet2DConditionModel.load(config, weights, inputs.manager(), Execution.INFERENCE),
                inputs);
        case "UNet2DModel" ->
            ComponentForward.unet2d(
                UNet2DModel.load(config, weights, inputs.manager(), Execution.INFERENCE), inputs);
        case "ControlNetModel" ->
            ComponentForward.controlNet(
                ControlNetModel.load(config, weights, inputs.manager(), Execution.INFERENCE),
                inputs);
        case "AutoencoderKL" ->
            ComponentForward.autoencoder(
                AutoencoderKL.load(config, weights, inputs.manager(), Execution.INFERENCE), inputs);
        case "AutoencoderTiny" ->
            ComponentForward.tiny(
                AutoencoderTiny.load(config, weights, inputs.manager(), Execution.INFERENCE),
                inputs);
        case "VQModel" ->
            ComponentForward.vq(
                VQModel.load(config, weights, inputs.manager(), Execution.INFERENCE), inputs);
        case "BertModel" ->
            ComponentForward.text(
                BertModel.load(config, weights, inputs.manager(), Execution.INFERENCE), inputs);
        case "CLIPTextModel" ->
            ComponentForward.text(
                CLIPTextModel.load(config, weights, inputs.manager(), Execution.INFERENCE), inputs);
        case "CLIPTextModelWithProjection" ->
            ComponentForward.text(
                CLIPTextModelWithProjection.load(
                    config, weights, inputs.manager(), Execution.INFERENCE),
                inputs);
        case "T5EncoderModel" ->
            ComponentForward.text(
                T5EncoderModel.load(config, weights, inputs.manager(), Execution.INFERENCE),
                inputs);
        default -> throw DiffusionException.internal("no component " + className, null);
      };
    }
  }

  private List<Path> weights() {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> weights =
          files
              .filter(
                  file -> file.toString().endsWith(".safetensors") && !file.endsWith(Inputs.FILE))
              .sorted()
              .toList();
      if (weights.isEmpty()) {
        throw DiffusionException.badInput(
            "%s: expected weights in a .safetensors file beside %s, found none"
                .formatted(folder, Inputs.FILE));
      }
      return weights;
    } catch (IOException e) {
      throw DiffusionException.badInput(
          "%s: cannot be listed: %s".formatted(folder, e.getMessage()));
    }
  }

  private static void createFolder(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw DiffusionException.badInput(
          "--out: cannot make %s: %s".formatted(folder, e.getMessage()));
    }
  }
}
