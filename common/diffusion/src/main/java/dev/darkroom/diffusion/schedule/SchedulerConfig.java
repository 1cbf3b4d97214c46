package dev.darkroom.diffusion.schedule;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A {@code scheduler_config.json} of diffusers, as it stands in the file.
 *
 * <p>Only what the file says is kept: a sampler asks for each of its own fields with its own
 * default, and leaves alone the fields of other schedulers, which is what {@code
 * X.from_config(config)} does. A field that no scheduler of diffusers has is refused, and so is a
 * value that the sampler at hand cannot honour.
 */
public final class SchedulerConfig {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  /** Characters of a value that a sentence shows: trained betas may be a thousand. */
  private static final int SHOWN = 60;

  /**
   * Every field of a noise-level scheduler of diffusers: known to some sampler, here or in a later
   * one.
   */
  private static final Set<String> KNOWN =
      Set.of(
          """
          _class_name _diffusers_version algorithm_type base_image_seq_len base_shift beta_end beta_schedule
          beta_start clip_denoised clip_sample clip_sample_range corrector_order disable_corrector
          dynamic_thresholding_ratio euler_at_final final_sigmas_type flow_shift gamma interpolation_type
          invert_sigmas lambda_min_clipped lower_order_final max_image_seq_len max_shift noise_sampler_seed
          num_train_timesteps original_inference_steps predict_x0 prediction_type predictor_order
          rescale_betas_zero_snr rho s_noise sample_max_value scale_factors set_alpha_to_one shift shift_terminal
          sigma_data sigma_max sigma_min sigma_schedule skip_prk_steps solver_order solver_p solver_type
          steps_offset stochastic_sampling tau_func thresholding time_shift_type timestep_scaling timestep_spacing
          timestep_type trained_betas upscale_mode use_beta_sigmas use_dynamic_shifting use_exponential_sigmas
          use_flow_sigmas use_karras_sigmas use_lu_lambdas variance_type"""
              .strip()
              .split("\\s+"));

  private final ObjectNode fields;

  private SchedulerConfig(ObjectNode fields) {
    this.fields = fields;
  }

  /** A configuration that says nothing but its class: all defaults. */
  public static SchedulerConfig ofClass(String className) {
    return new SchedulerConfig(JSON.createObjectNode().put("_class_name", className));
  }

  /** Reads the file of a diffusers folder. */
  public static SchedulerConfig read(Path file) {
    try {
      return parse(Files.readString(file));
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(
          "scheduler: expected a readable %s; copy it from the model's diffusers folder"
              .formatted(file),
          e);
    }
  }

  /** Parses the text of such a file; {@code Infinity} is allowed, as Python writes it. */
  public static SchedulerConfig parse(String json) {
    JsonNode node;
    try {
      node = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw DiffusionException.badCheckpoint(
          "scheduler_config.json: expected JSON, got text that fails at line %d"
              .formatted(e.getLocation() == null ? 1 : e.getLocation().getLineNr()),
          e);
    }
    if (!(node instanceof ObjectNode fields)) {
      throw DiffusionException.badCheckpoint(
          "scheduler_config.json: expected a JSON object with _class_name");
    }
    return of(fields);
  }

  /** The same of what such a file holds. */
  public static SchedulerConfig of(ObjectNode fields) {
    fields
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!KNOWN.contains(name)) {
                throw DiffusionException.badCheckpoint(
                    "scheduler_config.json: the field %s belongs to no supported scheduler; remove it or use another scheduler"
                        .formatted(name));
              }
            });
    return new SchedulerConfig(fields);
  }

  /** The diffusers class that wrote the file, {@code DDIMScheduler} for one. */
  public String className() {
    return text("_class_name", "");
  }

  /**
   * The same with the fields of one class alone, as {@code X.from_config} has it: what another
   * class wrote and this one does not know has no effect.
   *
   * @param names separated by spaces
   */
  public SchedulerConfig only(String... names) {
    List<String> kept = new ArrayList<>(List.of("_class_name"));
    for (String each : names) {
      kept.addAll(List.of(each.split("\\s+")));
    }
    return new SchedulerConfig(fields.deepCopy().retain(kept));
  }

  /** The same with a field set where the file is silent: a class's own default. */
  public SchedulerConfig orElse(String field, double value) {
    return value(field) == null ? with(field, value) : this;
  }

  /** The same with a field set where the file is silent: a class's own default. */
  public SchedulerConfig orElse(String field, String value) {
    return value(field) == null ? with(field, value) : this;
  }

  /** The same with one field set. */
  public SchedulerConfig with(String field, String value) {
    return new SchedulerConfig(fields.deepCopy().put(field, value));
  }

  /** The same with one field set. */
  public SchedulerConfig with(String field, double value) {
    return new SchedulerConfig(fields.deepCopy().put(field, value));
  }

  /** The same with one field set. */
  public SchedulerConfig with(String field, int value) {
    return new SchedulerConfig(fields.deepCopy().put(field, value));
  }

  /** The same with one field set. */
  public SchedulerConfig with(String field, boolean value) {
    return new SchedulerConfig(fields.deepCopy().put(field, value));
  }

  /** The text of the file. */
  public String toJson() {
    return fields.toPrettyString();
  }

  /** What the network predicts; {@code epsilon} where the file is silent. */
  public PredictionType predictionType() {
    if (text("prediction_type", "").equals("original_sample")) { // an old name of Euler's
      return PredictionType.SAMPLE;
    }
    return option("prediction_type", PredictionType.EPSILON);
  }

  /** The number of training times T. */
  public int numTrainTimesteps() {
    int steps = integer("num_train_timesteps", 1000);
    if (steps < 1 || steps > 1_000_000) {
      throw wrong("num_train_timesteps", "1 to 1000000");
    }
    return steps;
  }

  /** A field with a closed set of values. */
  public <E extends Enum<E> & ConfigOption> E option(String field, E absent) {
    String value = text(field, absent.configName());
    E[] all = absent.getDeclaringClass().getEnumConstants();
    for (E each : all) {
      if (each.configName().equals(value)) {
        return each;
      }
    }
    throw wrong(
        field,
        "one of "
            + Arrays.stream(all).map(ConfigOption::configName).collect(Collectors.joining(", ")));
  }

  /** A text field; null counts as absent. */
  public String text(String field, String absent) {
    JsonNode value = value(field);
    if (value != null && !value.isTextual()) {
      throw wrong(field, "a text");
    }
    return value == null ? absent : value.textValue();
  }

  /** A whole number; null counts as absent. */
  public int integer(String field, int absent) {
    JsonNode value = value(field);
    if (value != null && !value.canConvertToInt()) {
      throw wrong(field, "a whole number");
    }
    return value == null ? absent : value.intValue();
  }

  /** A whole number from 0, as seeds are, where the file has one. */
  public OptionalLong seed(String field) {
    JsonNode value = value(field);
    if (value == null) {
      return OptionalLong.empty();
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw wrong(field, "a whole number from 0 to %d, or null".formatted(Long.MAX_VALUE));
    }
    return OptionalLong.of(value.longValue());
  }

  /** A number; null counts as absent. */
  public double number(String field, double absent) {
    return number(field).orElse(absent);
  }

  /** A number, where the file has one. */
  public Optional<Double> number(String field) {
    JsonNode value = value(field);
    if (value != null && !value.isNumber()) {
      throw wrong(field, "a number");
    }
    return value == null ? Optional.empty() : Optional.of(value.doubleValue());
  }

  /** True or false; null counts as absent. */
  public boolean flag(String field, boolean absent) {
    JsonNode value = value(field);
    if (value != null && !value.isBoolean()) {
      throw wrong(field, "true or false");
    }
    return value == null ? absent : value.booleanValue();
  }

  /** The numbers of an array; none where it is absent. */
  float[] numbers(String field) {
    JsonNode value = value(field);
    if (value == null) {
      return new float[0];
    }
    float[] numbers = new float[value.size()];
    for (int i = 0; i < numbers.length; i++) {
      if (!value.isArray() || !value.get(i).isNumber()) {
        throw wrong(field, "an array of numbers");
      }
      numbers[i] = (float) value.get(i).doubleValue();
    }
    return numbers;
  }

  /** The whole numbers of an array; none where it is absent. */
  public Set<Integer> integers(String field) {
    Set<Integer> integers = new HashSet<>();
    JsonNode value = value(field);
    for (int i = 0; value != null && i < Math.max(1, value.size()); i++) {
      if (!value.isArray() || (!value.isEmpty() && !value.get(i).canConvertToInt())) {
        throw wrong(field, "an array of whole numbers");
      }
      if (!value.isEmpty()) {
        integers.add(value.get(i).intValue());
      }
    }
    return integers;
  }

  /** Refuses a field that is there: the sampler at hand cannot do it. */
  public void requireAbsent(String field) {
    if (value(field) != null) {
      throw wrong(field, "null");
    }
  }

  /** Refuses every value but one: the sampler at hand has no other. */
  public void require(String field, String only) {
    if (!text(field, only).equals(only)) {
      throw wrong(field, only);
    }
  }

  /** Refuses {@code true}: the sampler at hand cannot do it. */
  public void requireOff(String... names) {
    for (String field : names) {
      if (flag(field, false)) {
        throw wrong(field, "false");
      }
    }
  }

  private @Nullable JsonNode value(String field) {
    JsonNode value = fields.get(field);
    return value == null || value.isNull() ? null : value;
  }

  /** What to throw where a field's value cannot be honoured. */
  public DiffusionException wrong(String field, String expected) {
    String value = String.valueOf(fields.get(field));
    String shown = value.length() <= SHOWN ? value : value.substring(0, SHOWN) + "...";
    return DiffusionException.badCheckpoint(
        "scheduler_config.json: %s is %s, expected %s".formatted(field, shown, expected));
  }
}
