package dev.darkroom.diffusion.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.prompt.PromptSyntax;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** LoRAs of Stable Diffusion XL's three networks, against what adapted_xl_pipeline.py wrote. */
class AdaptedXlPipelineTest {
  private static final Path ADAPTED = PipelineFixture.resource("variants/xl-adapted");

  @TempDir private static Path folder;

  @TestFactory
  Stream<DynamicTest> givesThePicturesOfDiffusers() {
    PipelineFixture fixture = PipelineFixture.open("xl-adapted", folder);
    StableDiffusionPipeline pipeline = (StableDiffusionPipeline) fixture.pipeline();
    return fixture.tests(
        (asked, index) ->
            pipeline
                .adapted(adapters(asked))
                .generate(
                    request(asked),
                    List.of(Seed.of(asked.get("seed").longValue())),
                    Progress.SILENT)
                .getFirst());
  }

  private static List<Adapter> adapters(JsonNode asked) {
    List<Adapter> adapters = new ArrayList<>();
    for (JsonNode lora : asked.get("lora")) {
      adapters.add(
          new Adapter(
              ADAPTED.resolve(lora.get(0).textValue() + ".safetensors"),
              lora.get(1).doubleValue()));
    }
    return adapters;
  }

  private static TextToImage request(JsonNode asked) {
    return new TextToImage(
            asked.get("prompt").textValue(),
            asked.path("negative_prompt").textValue(),
            32,
            32,
            null,
            asked.get("steps").intValue(),
            new ClassifierFreeGuidance(asked.get("guidance_scale").doubleValue(), 0),
            0)
        .reading(PromptSyntax.PLAIN, asked.path("clip_skip").asInt(0));
  }
}
