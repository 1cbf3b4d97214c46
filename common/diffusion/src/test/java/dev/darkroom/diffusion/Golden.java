package dev.darkroom.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.kernels.Autograd;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A case made by make_goldens.py: a config, inputs, and what PyTorch computed from them with the
 * weights of DrawnParameters.
 */
public final class Golden implements AutoCloseable {
  /** Of the largest magnitude of the expected tensor. */
  public static final double TOLERANCE = 2e-4;

  private final SafetensorsFile file;
  private final NDManager manager = TorchRuntime.newManager(TestDevice.get());

  private Golden(SafetensorsFile file) {
    this.file = file;
  }

  public static Golden of(String name) {
    try {
      return new Golden(
          SafetensorsFile.open(
              Path.of(Golden.class.getResource("/goldens/" + name + ".safetensors").toURI())));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  public NDManager manager() {
    return manager;
  }

  public DrawnParameters parameters() {
    return new DrawnParameters(manager);
  }

  public ModelConfig config() {
    return ModelConfig.parse(file.path().toString(), file.metadata().get("config"));
  }

  public NDArray tensor(String key) {
    return file.read(key, manager);
  }

  public boolean has(String key) {
    return file.tensors().containsKey(key);
  }

  /** The model's parameters are PyTorch's, by name and shape. */
  public void assertSameKeys(Map<String, NDArray> parameters) throws IOException {
    JsonNode expected = new ObjectMapper().readTree(file.metadata().get("parameters"));
    Map<String, String> theirs = new java.util.TreeMap<>();
    expected.properties().forEach(field -> theirs.put(field.getKey(), field.getValue().toString()));
    Map<String, String> ours = new java.util.TreeMap<>();
    parameters.forEach(
        (key, value) ->
            ours.put(key, java.util.Arrays.toString(value.getShape().getShape()).replace(" ", "")));
    assertEquals(theirs, ours);
  }

  public void assertMatches(String key, NDArray actual) {
    assertClose(key, tensor(key), actual);
  }

  /**
   * Backpropagates from {@code loss} and compares it, its gradients in full where stored, and the
   * norm of every other.
   */
  public void assertGradients(NDArray loss, Map<String, NDArray> parameters) throws IOException {
    Autograd.backward(loss);
    assertMatches("loss", loss.reshape(1));
    JsonNode order = new ObjectMapper().readTree(file.metadata().get("parameters"));
    List<String> keys = new ArrayList<>();
    order.fieldNames().forEachRemaining(keys::add);
    float[] norms = tensor("gradient_norms").toFloatArray();
    double largest = 0;
    for (float norm : norms) {
      largest = Math.max(largest, norm);
    }
    for (int i = 0; i < norms.length; i++) {
      NDArray gradient = parameters.get(keys.get(i)).getGradient();
      double norm = gradient.norm().toFloatArray()[0];
      assertEquals(
          norms[i],
          norm,
          TOLERANCE * norms[i] + 1e-6 * largest,
          "norm of the gradient of " + keys.get(i));
      if (has("gradient." + keys.get(i))) {
        assertMatches("gradient." + keys.get(i), gradient);
      }
    }
  }

  public static void assertClose(String what, NDArray expected, NDArray actual) {
    assertEquals(expected.getShape(), actual.getShape(), what);
    double largest = expected.abs().max().toFloatArray()[0];
    double error = expected.sub(actual).abs().max().toFloatArray()[0];
    assertTrue(largest > 0, what + ": an expectation of nothing but zeros proves nothing");
    assertTrue(
        error <= TOLERANCE * largest,
        () ->
            "%s: largest error %g of magnitude %g is %g, expected at most %g"
                .formatted(what, error, largest, error / largest, TOLERANCE));
    if (error > TOLERANCE * largest / 10) {
      System.out.printf("%s: error %g is above a tenth of the tolerance%n", what, error / largest);
    }
  }

  @Override
  public void close() {
    manager.close();
    file.close();
  }
}
