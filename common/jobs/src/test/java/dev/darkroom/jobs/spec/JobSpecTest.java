package dev.darkroom.jobs.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.jobs.Specs;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Json;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobSpecTest {
  @Test
  void goesThroughJson() {
    JobSpec generation = Specs.generation("a red apple");
    assertEquals(generation, Json.read(Json.write(generation), JobSpec.class));
    JobSpec training = Specs.training(Specs.MODEL);
    assertEquals(training, Json.read(Json.write(training), JobSpec.class));
  }

  @Test
  void bearsTheNamesOfReplicatesInputs() {
    ObjectNode tree = (ObjectNode) Json.tree(Json.write(Specs.generation("a red apple")));
    for (String name :
        new String[] {
          "prompt",
          "negative_prompt",
          "width",
          "height",
          "num_outputs",
          "num_inference_steps",
          "guidance_scale",
          "scheduler",
          "seed",
          "output_format"
        }) {
      assertTrue(tree.has(name), name);
    }
    assertEquals("generation", tree.path("type").asText());
    assertEquals("dpmpp-2m", tree.path("scheduler").asText());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "width|0|width: expected 8 to 4096, got 0",
        "height|5000|height: expected 8 to 4096, got 5000",
        "num_outputs|17|num_outputs: expected 1 to 16, got 17",
        "num_inference_steps|0|num_inference_steps: expected 1 to 1000, got 0",
        "guidance_scale|\"NaN\"|guidance_scale: expected 0.0 to 100.0, got NaN",
        "guidance_scale|\"Infinity\"|guidance_scale: expected 0.0 to 100.0, got Infinity",
        "seed|-1|seed: expected 0 to 9007199254740975, got -1",
        "prompt|null|prompt: expected a value, got none",
        "scheduler|\"leap\"|scheduler: expected one of ddim, ddpm, pndm, lms, euler, euler-a, heun, dpm2,"
            + " dpm2-a, dpmpp-2m, dpmpp-2m-karras, dpmpp-2m-sde, dpmpp-2m-sde-karras, dpmpp-2s,"
            + " dpmpp-sde, dpmpp-sde-karras, deis, unipc, lcm, tcd, got \"leap\"",
        "output_format|\"gif\"|output_format: expected png, jpg or webp, got \"gif\"",
      })
  void refusesWhatIsOutOfRangeInOneSentence(String name, String value, String sentence) {
    ObjectNode tree = (ObjectNode) Json.tree(Json.write(Specs.generation("a red apple")));
    tree.set(name, Json.tree(value));
    DarkroomException e =
        assertThrows(DarkroomException.class, () -> Json.convert(tree, JobSpec.class));
    assertEquals(ErrorCode.INVALID_INPUT, e.code());
    assertEquals(sentence, e.getMessage());
  }

  @Test
  void aTrainingStoredBeforeThereWasAChoiceIsOfFloat32() {
    ObjectNode tree = (ObjectNode) Json.tree(Json.write(Specs.training(Specs.MODEL)));
    tree.remove(List.of("mixed_precision", "timestep_shift"));
    TrainingSpec spec = Json.convert(tree, TrainingSpec.class);
    assertEquals(MixedPrecision.NO, spec.mixedPrecision());
    assertNull(spec.timestepShift());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mixed_precision|\"fp8\"|mixed_precision: expected no or bf16, got \"fp8\"",
        "recipe|\"autoencoder\"|mixed_precision: expected no with the recipe autoencoder, got bf16;"
            + " it is for latent-diffusion",
        "timestep_shift|0|timestep_shift: expected 0.01 to 100.0, got 0.0",
      })
  void refusesATrainingThatCannotBeInOneSentence(String name, String value, String sentence) {
    ObjectNode tree = (ObjectNode) Json.tree(Json.write(Specs.training(Specs.MODEL)));
    tree.set(name, Json.tree(value));
    DarkroomException e =
        assertThrows(DarkroomException.class, () -> Json.convert(tree, JobSpec.class));
    assertEquals(ErrorCode.INVALID_INPUT, e.code());
    assertEquals(sentence, e.getMessage());
  }

  @Test
  void refusesAPromptOfAMegabyte() {
    String prompt = "x".repeat(1 << 20);
    DarkroomException e = assertThrows(DarkroomException.class, () -> Specs.generation(prompt));
    assertEquals("prompt: expected at most 4000 characters, got 1048576", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "ddim,DDIM",
    "DDIMScheduler,DDIM",
    "K_EULER,EULER",
    "EulerDiscreteScheduler,EULER",
    "K_EULER_ANCESTRAL,EULER_ANCESTRAL",
    "PNDM,PNDM",
    "KLMS,LMS",
    "HeunDiscrete,HEUN",
    "KarrasDPM,DPMPP_2M_KARRAS",
    "UniPCMultistepScheduler,UNIPC",
    "DPMSolverMultistep,DPMPP_2M",
    "dpmpp-2m-karras,DPMPP_2M_KARRAS"
  })
  void knowsASchedulerByAllItsNames(String name, SchedulerName expected) {
    assertEquals(expected, SchedulerName.of(name));
  }

  @Test
  void noTwoSchedulersShareAName() {
    Set<String> names = new HashSet<>();
    for (SchedulerName name : SchedulerName.values()) {
      assertTrue(names.add(name.shortName()), name.shortName());
      for (String alias : name.aliases()) {
        assertTrue(names.add(alias), alias);
      }
    }
  }
}
