package dev.darkroom.trainer.starter;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The float32 initialisers of an ONNX graph under the names of the PyTorch model that was exported.
 * Most keep them; the exporter made the weight of each linear layer anonymous ({@code
 * onnx::MatMul_885}) and transposed it. Each is found again through the graph: the sum that adds
 * {@code X.bias} takes the product whose right factor is {@code X.weight}.
 */
@SuppressWarnings("ArrayRecordComponent") // Weights are neither compared nor hashed.
final class OnnxWeights {
  private static final int FLOAT = 1;
  private static final String ANONYMOUS = "onnx::";

  /**
   * @param values row by row
   */
  record Tensor(long[] shape, float[] values) {
    private Tensor transposed() {
      int rows = (int) shape[0];
      int columns = (int) shape[1];
      float[] turned = new float[values.length];
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          turned[column * rows + row] = values[row * columns + column];
        }
      }
      return new Tensor(new long[] {columns, rows}, turned);
    }
  }

  private record Node(String type, List<String> inputs, List<String> outputs) {}

  private final Map<String, Tensor> initialisers = new LinkedHashMap<>();
  private final List<Node> nodes = new ArrayList<>();

  private OnnxWeights() {}

  /**
   * @param name what errors call the file
   * @param model the whole ONNX file
   */
  static Map<String, Tensor> read(String name, byte[] model) {
    try {
      OnnxWeights weights = new OnnxWeights();
      weights.readModel(ByteBuffer.wrap(model));
      return weights.named(name);
    } catch (IOException e) {
      throw new DarkroomException(
          ErrorCode.CORRUPT_CHECKPOINT,
          "%s: expected an ONNX model, but %s".formatted(name, e.getMessage()),
          e);
    }
  }

  private void readModel(ByteBuffer bytes) throws IOException {
    ProtobufReader model = new ProtobufReader(bytes);
    for (int field = model.nextField(); field != 0; field = model.nextField()) {
      if (field == 7) {
        readGraph(model.slice());
      } else {
        model.skip();
      }
    }
  }

  private void readGraph(ByteBuffer bytes) throws IOException {
    ProtobufReader graph = new ProtobufReader(bytes);
    for (int field = graph.nextField(); field != 0; field = graph.nextField()) {
      switch (field) {
        case 1 -> readNode(graph.slice());
        case 5 -> readTensor(graph.slice());
        default -> graph.skip();
      }
    }
  }

  private void readNode(ByteBuffer bytes) throws IOException {
    ProtobufReader node = new ProtobufReader(bytes);
    String type = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    for (int field = node.nextField(); field != 0; field = node.nextField()) {
      switch (field) {
        case 1 -> inputs.add(node.string());
        case 2 -> outputs.add(node.string());
        case 4 -> type = node.string();
        default -> node.skip();
      }
    }
    nodes.add(new Node(type, inputs, outputs));
  }

  private void readTensor(ByteBuffer bytes) throws IOException {
    ProtobufReader tensor = new ProtobufReader(bytes);
    List<Long> shape = new ArrayList<>();
    long type = 0;
    String name = "";
    ByteBuffer raw = ByteBuffer.allocate(0);
    for (int field = tensor.nextField(); field != 0; field = tensor.nextField()) {
      switch (field) {
        case 1 -> tensor.addIntegersTo(shape);
        case 2 -> type = tensor.varint();
        case 8 -> name = tensor.string();
        case 9 -> raw = tensor.slice();
        default -> tensor.skip();
      }
    }
    long elements = shape.stream().reduce(1L, Math::multiplyExact);
    if (type != FLOAT) {
      return; // Position ids: integers that every BERT can count itself.
    }
    if (raw.remaining() != elements * Float.BYTES) {
      throw new IOException(
          "tensor %s has %d bytes for shape %s".formatted(name, raw.remaining(), shape));
    }
    float[] values = new float[(int) elements];
    raw.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    initialisers.put(name, new Tensor(shape.stream().mapToLong(Long::longValue).toArray(), values));
  }

  private Map<String, Tensor> named(String file) {
    Map<String, Node> producer = new HashMap<>();
    nodes.forEach(node -> node.outputs().forEach(output -> producer.put(output, node)));
    Map<String, Tensor> named = new LinkedHashMap<>();
    initialisers.forEach(
        (name, tensor) -> {
          if (!name.startsWith(ANONYMOUS)) {
            named.put(name, tensor);
          }
        });
    int found = 0;
    for (Node sum : nodes) {
      String bias =
          sum.inputs().stream()
              .filter(input -> input.endsWith(".bias") && initialisers.containsKey(input))
              .findFirst()
              .orElse("");
      if (!sum.type().equals("Add") || bias.isEmpty()) {
        continue;
      }
      for (String input : sum.inputs()) {
        Node product = producer.get(input);
        if (product != null && product.type().equals("MatMul")) {
          Tensor weight = initialisers.get(product.inputs().get(1));
          if (weight != null) {
            named.put(
                bias.substring(0, bias.length() - "bias".length()) + "weight", weight.transposed());
            found++;
          }
        }
      }
    }
    long anonymous =
        initialisers.keySet().stream().filter(name -> name.startsWith(ANONYMOUS)).count();
    if (found != anonymous) {
      throw new DarkroomException(
          ErrorCode.CORRUPT_CHECKPOINT,
          "%s: expected the names of all %d anonymous weights in the graph, found %d"
              .formatted(file, anonymous, found));
    }
    return named;
  }
}
