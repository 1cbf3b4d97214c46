package dev.darkroom.diffusion.singlefile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.SafetensorsWriter;
import dev.darkroom.diffusion.checkpoint.StoredNumbers;
import dev.darkroom.diffusion.checkpoint.StoredTensor;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.singlefile.SingleFile.Component;
import dev.darkroom.diffusion.singlefile.SingleFile.Reading;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Single files give the tensors that diffusers' converters give, and come back as they were. */
class SingleFileTest {
  private static final List<String> ALL =
      List.of(
          "sd1.safetensors",
          "sd1-inpaint.safetensors",
          "instruct-pix2pix.safetensors",
          "sd2.ckpt",
          "sd2-inpaint.safetensors",
          "x4-upscaler.safetensors",
          "sdxl.safetensors",
          "sdxl-refiner.safetensors",
          "sdxl-instruct-pix2pix.safetensors",
          "controlnet.safetensors",
          "vae.pt");

  @TempDir Path folder;

  static List<String> all() {
    return ALL;
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.MethodSource("all")
  void givesWhatDiffusersGives(String name) throws IOException {
    try (SingleFile file = open(name, false)) {
      assertEquals(family(name), file.family().configName());
      assertEquals(List.of(), file.absent());
      assertEquals(List.of(), file.unexpected());
      JsonNode expected = expected().get(family(name));
      List<String> components = new ArrayList<>();
      for (Component component : file.components().values()) {
        String called = component.name().isEmpty() ? family(name) : component.name();
        components.add(called);
        assertSame(expected.get(called), component.weights());
        assertEquals(List.of(), component.differences().missing(), called);
        assertEquals(List.of(), component.differences().unexpected(), called);
      }
      expected
          .fieldNames()
          .forEachRemaining(
              known -> assertTrue(components.contains(known.replace("unet-averaged", "unet"))));
      file.requireWhole();
    }
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.MethodSource("all")
  void comesBackAsItWas(String name) throws IOException {
    Path model = folder.resolve("model");
    Path back = folder.resolve("back.safetensors");
    try (SingleFile file = open(name, false)) {
      DiffusersFolder.write(file, model, null);
      assertEquals(file.family(), SingleFileWriter.family(model));
      SingleFileWriter.write(model, back, null, null);
      try (Checkpoint again = Checkpoint.open(back)) {
        Map<String, StoredTensor> kept = new LinkedHashMap<>(file.pruned(false));
        // What SD2 stores and does not use is gone, and only that.
        kept.keySet()
            .removeIf(
                key ->
                    key.startsWith("cond_stage_model.model.transformer.resblocks.23.")
                        || key.equals("cond_stage_model.model.text_projection"));
        assertEquals(new TreeSet<>(kept.keySet()), new TreeSet<>(again.keys()));
        kept.forEach(
            (key, tensor) -> {
              assertEquals(tensor.shape(), again.entry(key).shape(), key);
              assertArrayEquals(bytes(tensor), bytes(again.entry(key)), key);
            });
      }
    }
  }

  @Test
  void takesTheMovingAverageWhereItIsAskedTo() throws IOException {
    try (SingleFile file = open("sd2.ckpt", true)) {
      assertSame(
          expected().get("sd2").get("unet-averaged"), file.components().get("unet").weights());
    }
    try (SingleFile file = open("sd1.safetensors", false)) {
      assertTrue(
          assertThrows(DiffusionException.class, () -> open("sd1.safetensors", true).close())
              .getMessage()
              .contains("expected a moving average of model.diffusion_model."));
      assertFalse(file.pruned(false).containsKey("betas"));
    }
  }

  @Test
  void anAverageAloneIsNoAutoencoder() throws IOException {
    Path averages = folder.resolve("averages.safetensors");
    try (SingleFile file = open("sd2.ckpt", false)) {
      Map<String, StoredTensor> tensors = new LinkedHashMap<>(file.file().tensors());
      tensors.keySet().removeIf(key -> key.startsWith("model.diffusion_model."));
      SafetensorsWriter.copy(averages, tensors, null, Map.of());
    }
    assertEquals(
        averages
            + ": expected the weights of a U-Net, under model.diffusion_model., got their moving average alone, under names that have lost their dots; take the file that it was pruned from",
        assertThrows(
                DiffusionException.class,
                () -> SingleFile.open(averages, Reading.detected()).close())
            .getMessage());
  }

  @Test
  void tellsWhatSd2Predicts() {
    assertPredicts(PredictionType.EPSILON, null, null);
    assertPredicts(PredictionType.V_PREDICTION, PredictionType.V_PREDICTION, null);
    // The folder's scheduler says nothing; the published one would say v_prediction.
    assertPredicts(PredictionType.EPSILON, null, configs("sd2"));
    assertPredicts(PredictionType.V_PREDICTION, null, configs("x4-upscaler"));
  }

  private static void assertPredicts(PredictionType expected, PredictionType stated, Path configs) {
    try (SingleFile file =
        SingleFile.open(fixture("sd2.ckpt"), new Reading(Family.SD2, stated, configs, false))) {
      assertEquals(expected, file.predictionType());
      assertEquals(
          expected.configName(), file.scheduler().json().get("prediction_type").textValue());
    }
  }

  @Test
  void keepsThePredictionThroughAFolder() throws IOException {
    Path model = folder.resolve("model");
    Path back = folder.resolve("back.safetensors");
    try (SingleFile file =
        SingleFile.open(
            fixture("sd2.ckpt"),
            new Reading(null, PredictionType.V_PREDICTION, configs("sd2"), false))) {
      DiffusersFolder.write(file, model, TensorType.F32);
    }
    SingleFileWriter.write(model, back, null, TensorType.F16);
    try (SingleFile file = SingleFile.open(back, new Reading(null, null, configs("sd2"), false))) {
      assertEquals(PredictionType.V_PREDICTION, file.predictionType());
      assertSame(expected().get("sd2").get("unet"), file.components().get("unet").weights());
    }
  }

  /** By the keys of CosXL, of Playground 2.5, and of fine-tunes on noise that ends at noise. */
  @ParameterizedTest
  @ValueSource(strings = {"sdxl.safetensors", "sdxl-instruct-pix2pix.safetensors"})
  void theMarkersOfTheNoiseSayWhatSamplesIt(String name) throws IOException {
    StoredTensor max = new StoredNumbers(new Shape(), List.of(120f));
    StoredTensor min = new StoredNumbers(new Shape(), List.of(0.002f));
    Map<String, StoredTensor> cosXl =
        Map.of("edm_vpred.sigma_max", max, "edm_vpred.sigma_min", min);
    JsonNode scheduler = schedulerOf(name, cosXl, PredictionType.V_PREDICTION);
    assertEquals("EDMEulerScheduler", scheduler.get("_class_name").textValue());
    assertEquals(120, scheduler.get("sigma_max").doubleValue());
    assertEquals(0.002, scheduler.get("sigma_min").doubleValue());
    assertEquals(1, scheduler.get("sigma_data").doubleValue());
    assertEquals("exponential", scheduler.get("sigma_schedule").textValue());

    StoredTensor mean = new StoredNumbers(new Shape(1, 4, 1, 1), List.of(-1.6f, 1.9f, -1.4f, 2.5f));
    StoredTensor std = new StoredNumbers(new Shape(1, 4, 1, 1), List.of(4.5f, 3f, 3.5f, 2f));
    Map<String, StoredTensor> playground = Map.of("edm_mean", mean, "edm_std", std);
    scheduler = schedulerOf(name, playground, PredictionType.EPSILON);
    assertEquals("EDMDPMSolverMultistepScheduler", scheduler.get("_class_name").textValue());
    assertEquals(0.5, scheduler.get("sigma_data").doubleValue());

    StoredTensor none = new StoredNumbers(new Shape(0), List.of());
    Map<String, StoredTensor> rescaled = Map.of("v_pred", none, "ztsnr", none);
    scheduler = schedulerOf(name, rescaled, PredictionType.V_PREDICTION);
    assertEquals("EulerDiscreteScheduler", scheduler.get("_class_name").textValue());
    assertTrue(scheduler.get("rescale_betas_zero_snr").booleanValue());
  }

  /** The published scheduler of a file with markers; they come through a folder and a copy. */
  private JsonNode schedulerOf(
      String name, Map<String, StoredTensor> markers, PredictionType prediction)
      throws IOException {
    String family = family(name);
    String called = family + markers.keySet().stream().sorted().toList();
    Path marked = folder.resolve(called + ".safetensors");
    try (Checkpoint plain = Checkpoint.open(fixture(name))) {
      Map<String, StoredTensor> tensors = new LinkedHashMap<>(plain.tensors());
      tensors.putAll(markers);
      SafetensorsWriter.copy(marked, tensors, null, Map.of());
    }
    Path model = folder.resolve(called);
    Path back = folder.resolve(called + "-back.safetensors");
    // Without its scheduler and autoencoder's, the folder of sizes leaves the noise to the markers.
    Path sizes = folder.resolve(called + "-sizes");
    for (String part : List.of("unet", "vae", "text_encoder", "text_encoder_2")) {
      Files.createDirectories(sizes.resolve(part));
      Files.copy(
          configs(family).resolve(part).resolve("config.json"),
          sizes.resolve(part).resolve("config.json"));
    }
    Reading reading = new Reading(null, null, sizes, false);
    try (SingleFile file = SingleFile.open(marked, reading)) {
      assertEquals(prediction, file.predictionType());
      assertEquals(
          family.endsWith("pix2pix") && markers.containsKey("edm_vpred.sigma_max"),
          file.index().json().path("is_cosxl_edit").asBoolean(false));
      assertEquals(
          markers.containsKey("edm_mean"),
          file.components().get("vae").config().json().path("latents_mean").isArray());
      file.requireWhole();
      assertTrue(file.pruned(false).keySet().containsAll(markers.keySet()));
      DiffusersFolder.write(file, model, null);
      SingleFileWriter.write(model, back, null, TensorType.F16);
      try (Checkpoint again = Checkpoint.open(back)) {
        markers.forEach(
            (key, tensor) -> assertArrayEquals(bytes(tensor), bytes(again.entry(key)), key));
      }
      return file.scheduler().json();
    }
  }

  @Test
  void anUncommonNoiseHasNoPlaceInASingleFile() throws IOException {
    Path model = folder.resolve("model");
    try (SingleFile file = open("sdxl.safetensors", false)) {
      DiffusersFolder.write(file, model, null);
    }
    Files.writeString(
        model.resolve("scheduler").resolve("scheduler_config.json"),
        "{\"_class_name\": \"EDMEulerScheduler\", \"sigma_data\": 0.7}");
    assertEquals(
        model
            + ": a EDMEulerScheduler with sigma_data 0.7, sigma_min 0.002, sigma_max 80.0 and no latents_mean has no place in a single file; keep the folder",
        assertThrows(
                DiffusionException.class,
                () -> SingleFileWriter.write(model, folder.resolve("back.safetensors"), null, null))
            .getMessage());
  }

  @Test
  void aFileWithoutAConfigRefusesAnotherActivation() {
    Path model = folder.resolve("gelu");
    try (Golden golden = Golden.of("autoencoder-gelu")) {
      new AutoencoderKL(
              AutoencoderConfig.of(golden.config()), golden.parameters(), Execution.TRAINING)
          .save(model, TensorType.F16);
    }
    assertKeepsTheFolder(model, null, "act_fn gelu");
  }

  @Test
  void aFileWithoutAConfigRefusesLayersThatSeeObjects() {
    Path model = folder.resolve("gated");
    try (Golden golden = Golden.of("unet-gligen-without-objects")) {
      new UNet2DConditionModel(
              UNetConfig.of(golden.config()), golden.parameters(), Execution.TRAINING)
          .save(model, TensorType.F16);
    }
    assertKeepsTheFolder(model, Family.SD1, "attention_type gated");
  }

  private void assertKeepsTheFolder(Path model, @Nullable Family family, String setting) {
    Path file = folder.resolve("single.safetensors");
    assertEquals(
        model + ": " + setting + " has no place in a single file; keep the folder",
        assertThrows(
                DiffusionException.class,
                () -> SingleFileWriter.write(model, file, family, TensorType.F16))
            .getMessage());
  }

  @Test
  void namesTheFirstKeyThatIsMissingOrTooMuchAndCountsThem() throws IOException {
    Path odd = folder.resolve("odd.safetensors");
    try (Checkpoint whole = Checkpoint.open(fixture("sd1.safetensors"))) {
      Map<String, StoredTensor> tensors = new LinkedHashMap<>(whole.tensors());
      tensors.remove("model.diffusion_model.out.2.bias");
      tensors.remove("model.diffusion_model.middle_block.1.norm.bias");
      SafetensorsWriter.copy(odd, tensors, null, Map.of());
      assertRefused(
          odd,
          "UNet2DConditionModel: expected every tensor that the config asks for, got none for 2, the first mid_block.attentions.0.norm.bias");
      tensors = new LinkedHashMap<>(whole.tensors());
      StoredTensor some = whole.entry("betas");
      tensors.put("model.diffusion_model.stranger.weight", some);
      tensors.put("stranger", some);
      SafetensorsWriter.copy(odd, tensors, null, Map.of());
      assertRefused(odd, "got 2 more, the first stranger");
      tensors = new LinkedHashMap<>(whole.tensors());
      tensors.keySet().removeIf(key -> key.startsWith("first_stage_model."));
      SafetensorsWriter.copy(odd, tensors, null, Map.of());
      assertRefused(odd, "expected the vae of a model of family sd1, got none");
    }
  }

  @Test
  void refusesTheWrongFamilyAndSizes() {
    DiffusionException refused =
        assertThrows(
            DiffusionException.class,
            () -> {
              // Without its configs a file of unusual size is not what its family publishes.
              try (SingleFile file =
                  SingleFile.open(fixture("sd1.safetensors"), Reading.detected())) {
                file.requireWhole();
              }
            });
    assertTrue(refused.getMessage().contains("expected every tensor"), refused.getMessage());
    assertTrue(
        assertThrows(
                DiffusionException.class,
                () ->
                    SingleFile.open(fixture("../pickles/expected.safetensors"), Reading.detected()))
            .getMessage()
            .contains("expected a single file of a known family, got 18 tensors"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"sd1", "sd2", "sdxl", "sdxl-instruct-pix2pix", "sdxl-refiner", "x4-upscaler"})
  void hasThePublishedConfigsOfEachFamily(String name) {
    Family family = Family.parse(name);
    FamilyConfigs configs = new FamilyConfigs(family, new TrainedNoise.Betas(false, false), null);
    assertFalse(configs.index().json().isEmpty());
    for (Family.Part part : family.parts()) {
      ComponentConfig config = configs.component(part.component(), PredictionType.EPSILON);
      ComponentKind kind =
          ComponentKind.of(configs.index().json().path(part.component()).path(1).textValue());
      assertFalse(kind.shapes(config, key -> true).isEmpty(), part.toString());
    }
    assertEquals(
        "epsilon",
        configs.scheduler(PredictionType.EPSILON).json().get("prediction_type").textValue());
  }

  /** Ids that every CLIP tokenizer gives. */
  @Test
  void bringsTheVocabularyThatSingleFilesLeaveOut() throws IOException {
    ClipVocabulary.write(folder);
    JsonNode vocabulary =
        new ObjectMapper().readTree(Files.readString(folder.resolve("vocab.json")));
    assertEquals(49408, vocabulary.size());
    assertEquals(0, vocabulary.get("!").intValue());
    assertEquals(256, vocabulary.get("!</w>").intValue());
    assertEquals(320, vocabulary.get("a</w>").intValue());
    assertEquals(1125, vocabulary.get("photo</w>").intValue());
    assertEquals(49406, vocabulary.get("<|startoftext|>").intValue());
    assertEquals("i n", Files.readAllLines(folder.resolve("merges.txt")).get(1));
  }

  private void assertRefused(Path path, String reason) {
    try (SingleFile file = SingleFile.open(path, new Reading(null, null, configs("sd1"), false))) {
      DiffusionException refused = assertThrows(DiffusionException.class, file::requireWhole);
      assertEquals(DiffusionException.Kind.BAD_CHECKPOINT, refused.kind());
      assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }
  }

  /** The same keys, shapes and bytes. */
  private static void assertSame(JsonNode expected, Checkpoint weights) {
    TreeSet<String> keys = new TreeSet<>();
    expected.fieldNames().forEachRemaining(keys::add);
    assertEquals(keys, new TreeSet<>(weights.keys()));
    weights
        .tensors()
        .forEach(
            (key, tensor) -> {
              JsonNode numbers = expected.get(key);
              CRC32 crc = new CRC32();
              crc.update(bytes(tensor));
              List<Long> actual = new ArrayList<>();
              for (long size : tensor.shape().getShape()) {
                actual.add(size);
              }
              actual.add(crc.getValue());
              List<Long> wanted = new ArrayList<>();
              numbers.forEach(number -> wanted.add(number.longValue()));
              assertEquals(wanted, actual, key);
            });
  }

  private static byte[] bytes(StoredTensor tensor) {
    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes());
    tensor.read((elements, first, count) -> bytes.put(elements.asByteBuffer()));
    return bytes.array();
  }

  private static SingleFile open(String name, boolean averaged) {
    return SingleFile.open(fixture(name), new Reading(null, null, configs(family(name)), averaged));
  }

  private static String family(String name) {
    return name.substring(0, name.indexOf('.'));
  }

  private static JsonNode expected() throws IOException {
    return new ObjectMapper().readTree(Files.readString(fixture("expected.json")));
  }

  private static Path configs(String name) {
    return fixture("configs/" + name);
  }

  private static Path fixture(String name) {
    try {
      return Path.of(SingleFileTest.class.getResource("/checkpoints/singlefile/").toURI())
          .resolve(name)
          .normalize();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
