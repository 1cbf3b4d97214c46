package dev.darkroom.gateway.starter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.spec.SchedulerName;
import dev.darkroom.jobs.spec.TextToImageSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads from a diffusers folder's configs what its model takes. */
final class FolderSchema {
  /** Python writes infinities as they are, and schedulers have some. */
  private static final JsonMapper CONFIGS =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final int STEPS = 25;
  private static final double GUIDANCE = 4;

  /** How many times its training size a picture's side may be. */
  private static final int MAX_ENLARGEMENT = 4;

  private FolderSchema() {}

  /**
   * The schema of a text-to-image model.
   *
   * @throws DarkroomException {@link ErrorCode#INVALID_INPUT} where the folder is no such model
   */
  static TextToImageSchema of(Path folder) {
    JsonNode index = read(folder.resolve("model_index.json"));
    if (!index.path("_class_name").asText().equals("StableDiffusionPipeline")) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "%s: expected a StableDiffusionPipeline, got %s"
              .formatted(folder, index.path("_class_name").asText("no _class_name")));
    }
    int levels = read(folder.resolve("vae/config.json")).path("block_out_channels").size();
    int factor = 1 << Math.max(0, levels - 1);
    int side = read(folder.resolve("unet/config.json")).path("sample_size").asInt(64) * factor;
    List<SchedulerName> schedulers = new ArrayList<>(Arrays.asList(SchedulerName.values()));
    SchedulerName own = scheduler(read(folder.resolve("scheduler/scheduler_config.json")));
    schedulers.remove(own);
    schedulers.addFirst(own);
    return new TextToImageSchema(
        side, side, factor, side * MAX_ENLARGEMENT, schedulers, STEPS, GUIDANCE);
  }

  private static SchedulerName scheduler(JsonNode config) {
    SchedulerName named =
        SchedulerName.find(config.path("_class_name").asText()).orElse(SchedulerName.DPMPP_2M);
    return named == SchedulerName.DPMPP_2M && config.path("use_karras_sigmas").asBoolean()
        ? SchedulerName.DPMPP_2M_KARRAS
        : named;
  }

  private static JsonNode read(Path file) {
    try {
      return CONFIGS.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "%s: expected JSON, got %s".formatted(file, e.getOriginalMessage()),
          e);
    } catch (IOException e) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "%s: expected a diffusers folder with this file".formatted(file),
          e);
    }
  }
}
