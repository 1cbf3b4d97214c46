package dev.darkroom.cli.rehearse;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.singlefile.ComponentConfig;
import dev.darkroom.diffusion.singlefile.ComponentKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A diffusers folder of Stable Diffusion 1's layers and names, narrow and all zeros: a few
 * megabytes that are loaded by the code that loads the real one.
 */
final class BlankModel {
  private static final String PUBLISHED = "/dev/darkroom/diffusion/singlefile/sd1/";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Channels of the text's states, and of each group of a norm's times its 32 groups. */
  private static final int WIDTH = 32;

  private BlankModel() {}

  /**
   * @param folder is made; it gets no tokenizer, so that a single file made of it takes the
   *     published one
   */
  static void write(Path folder) throws IOException {
    ObjectNode text = published("text_encoder/config.json");
    text.put("hidden_size", WIDTH).put("intermediate_size", WIDTH).put("projection_dim", WIDTH);
    text.put("num_attention_heads", 1);
    component(folder.resolve("text_encoder"), text, ComponentKind.CLIP);

    ObjectNode unet = published("unet/config.json");
    unet.put("cross_attention_dim", WIDTH).put("attention_head_dim", 1).put("sample_size", 8);
    component(folder.resolve("unet"), narrow(unet), ComponentKind.UNET);

    component(
        folder.resolve("vae"), narrow(published("vae/config.json")), ComponentKind.AUTOENCODER);
    writeJson(folder.resolve("model_index.json"), published("model_index.json"));
  }

  private static ObjectNode narrow(ObjectNode config) {
    int levels = config.withArray("block_out_channels").size();
    var channels = config.putArray("block_out_channels");
    for (int i = 0; i < levels; i++) {
      channels.add(WIDTH);
    }
    return config;
  }

  private static void component(Path folder, ObjectNode config, ComponentKind kind)
      throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve("config.json");
    writeJson(file, config);
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      Map<String, NDArray> zeros = new LinkedHashMap<>();
      kind.shapes(ComponentConfig.read(file), key -> false)
          .forEach((key, shape) -> zeros.put(key, manager.zeros(shape)));
      SafetensorsWriter.write(folder.resolve(kind.weightsName()), zeros, TensorType.F16, Map.of());
    }
  }

  private static ObjectNode published(String name) throws IOException {
    try (InputStream in = BlankModel.class.getResourceAsStream(PUBLISHED + name)) {
      return (ObjectNode) JSON.readTree(Objects.requireNonNull(in, name));
    }
  }

  private static void writeJson(Path file, ObjectNode json) throws IOException {
    Files.writeString(file, json.toString());
  }
}
