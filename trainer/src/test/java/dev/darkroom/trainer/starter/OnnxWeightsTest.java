package dev.darkroom.trainer.starter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OnnxWeightsTest {

  @Test
  void anAnonymousWeightIsNamedByItsBiasAndTurnedBack() {
    byte[] model = model("onnx::MatMul_1");
    Map<String, OnnxWeights.Tensor> weights = OnnxWeights.read("m.onnx", model);
    assertEquals(java.util.Set.of("a.bias", "a.weight"), weights.keySet());
    assertArrayEquals(new long[] {3, 2}, weights.get("a.weight").shape());
    assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, weights.get("a.weight").values());
  }

  @Test
  void aWeightThatTheGraphDoesNotNameIsAnErrorAndNotSkipped() {
    byte[] graph = message(tensor("onnx::MatMul_9", new long[] {1, 2}, 1, 2), 5);
    DarkroomException e =
        assertThrows(DarkroomException.class, () -> OnnxWeights.read("m.onnx", message(graph, 7)));
    assertEquals(ErrorCode.CORRUPT_CHECKPOINT, e.code());
    assertTrue(e.getMessage().contains("all 1 anonymous weights"), e.getMessage());
  }

  @Test
  void aFileThatEndsEarlyIsOneSentence() {
    byte[] model = model("onnx::MatMul_1");
    for (int length = 1; length < model.length; length++) {
      byte[] cut = Arrays.copyOf(model, length);
      assertThrows(
          DarkroomException.class, () -> OnnxWeights.read("m.onnx", cut), "cut to " + length);
    }
  }

  private static byte[] model(String weight) {
    ByteArrayOutputStream graph = new ByteArrayOutputStream();
    graph.writeBytes(message(node("MatMul", "out1", "x", weight), 1));
    graph.writeBytes(message(node("Add", "out2", "a.bias", "out1"), 1));
    graph.writeBytes(message(tensor(weight, new long[] {2, 3}, 1, 2, 3, 4, 5, 6), 5));
    graph.writeBytes(message(tensor("a.bias", new long[] {3}, 7, 8, 9), 5));
    return message(graph.toByteArray(), 7);
  }

  private static byte[] node(String type, String output, String... inputs) {
    ByteArrayOutputStream node = new ByteArrayOutputStream();
    for (String input : inputs) {
      node.writeBytes(message(input.getBytes(StandardCharsets.UTF_8), 1));
    }
    node.writeBytes(message(output.getBytes(StandardCharsets.UTF_8), 2));
    node.writeBytes(message(type.getBytes(StandardCharsets.UTF_8), 4));
    return node.toByteArray();
  }

  private static byte[] tensor(String name, long[] shape, float... values) {
    ByteArrayOutputStream tensor = new ByteArrayOutputStream();
    for (long side : shape) {
      tensor.write(1 << 3);
      tensor.write((int) side);
    }
    tensor.write(2 << 3);
    tensor.write(1);
    tensor.writeBytes(message(name.getBytes(StandardCharsets.UTF_8), 8));
    ByteBuffer raw = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      raw.putFloat(value);
    }
    tensor.writeBytes(message(raw.array(), 9));
    return tensor.toByteArray();
  }

  private static byte[] message(byte[] content, int field) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(field << 3 | 2);
    int length = content.length;
    while (length > 0x7f) {
      out.write(length & 0x7f | 0x80);
      length >>>= 7;
    }
    out.write(length);
    out.writeBytes(content);
    return out.toByteArray();
  }
}
