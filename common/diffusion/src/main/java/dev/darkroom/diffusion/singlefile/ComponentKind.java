package dev.darkroom.diffusion.singlefile;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.autoencoder.AutoencoderKeys;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.KeyMap;
import dev.darkroom.diffusion.controlnet.ControlNetConfig;
import dev.darkroom.diffusion.controlnet.ControlNetKeys;
import dev.darkroom.diffusion.controlnet.ControlNetModel;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.ShapeParameters;
import dev.darkroom.diffusion.text.BertConfig;
import dev.darkroom.diffusion.text.BertModel;
import dev.darkroom.diffusion.text.ClipTextLayout;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import dev.darkroom.diffusion.unet.UNetKeys;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A class of component whose tensors are known without its weights. */
public enum ComponentKind {
  UNET("UNet2DConditionModel"),
  AUTOENCODER("AutoencoderKL"),
  CONTROLNET("ControlNetModel"),
  CLIP("CLIPTextModel"),
  CLIP_WITH_PROJECTION("CLIPTextModelWithProjection"),
  BERT("BertModel");

  private final String className;

  ComponentKind(String className) {
    this.className = className;
  }

  /** Of a class of diffusers or transformers, or null. */
  public static @Nullable ComponentKind of(@Nullable String className) {
    for (ComponentKind kind : values()) {
      if (kind.className.equals(className)) {
        return kind;
      }
    }
    return null;
  }

  public String className() {
    return className;
  }

  /** What its weights are called in a folder. */
  public String weightsName() {
    return switch (this) {
      case UNET, AUTOENCODER, CONTROLNET -> ComponentFolder.DIFFUSERS_WEIGHTS;
      case CLIP, CLIP_WITH_PROJECTION, BERT -> ComponentFolder.TRANSFORMERS_WEIGHTS;
    };
  }

  /**
   * Every tensor's shape by its key, as the config asks for; nothing is allocated.
   *
   * @param holds whether the weights hold a key, for layers that some have and some have not
   */
  public Map<String, Shape> shapes(ComponentConfig config, Predicate<String> holds) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      ShapeParameters parameters = new ShapeParameters(manager, holds);
      switch (this) {
        case UNET ->
            new UNet2DConditionModel(
                UNetConfig.of(config.reader()), parameters, Execution.TRAINING);
        case AUTOENCODER ->
            new AutoencoderKL(
                AutoencoderConfig.of(config.reader()), parameters, Execution.TRAINING);
        case BERT -> new BertModel(BertConfig.of(config.reader()), parameters, Execution.TRAINING);
        case CONTROLNET ->
            new ControlNetModel(
                ControlNetConfig.of(config.reader()), parameters, Execution.TRAINING);
        case CLIP, CLIP_WITH_PROJECTION -> {
          return clip(config).shapes();
        }
      }
      return new LinkedHashMap<>(parameters.shapes());
    }
  }

  /** What a single file calls its tensors. */
  KeyMap keys(ComponentConfig config, Dialect dialect) {
    return switch (dialect) {
      case UNET -> UNetKeys.compVis(UNetConfig.of(config.reader()));
      case AUTOENCODER -> AutoencoderKeys.compVis(AutoencoderConfig.of(config.reader()));
      case CONTROLNET -> ControlNetKeys.cldm(ControlNetConfig.of(config.reader()));
      case CLIP -> clip(config).clip();
      case OPEN_CLIP -> clip(config).openClip();
    };
  }

  private ClipTextLayout clip(ComponentConfig config) {
    ClipTextLayout layout = ClipTextLayout.of(config.reader());
    return this == CLIP_WITH_PROJECTION && layout.projectionDim() == 0
        ? ClipTextLayout.of(config.with("architectures", className).reader())
        : layout;
  }
}
