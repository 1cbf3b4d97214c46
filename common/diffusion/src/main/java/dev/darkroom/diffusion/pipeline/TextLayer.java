package dev.darkroom.diffusion.pipeline;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.text.CLIPTextEncoder;
import dev.darkroom.diffusion.text.CLIPTextModelWithProjection;
import dev.darkroom.diffusion.text.TextStates;
import org.jspecify.annotations.Nullable;

/** Which layer of a CLIP text encoder a model attends to. */
enum TextLayer {
  /** The last, behind the final norm; earlier ones behind the same norm: Stable Diffusion 1, 2. */
  LAST {
    @Override
    NDArray of(CLIPTextEncoder clip, TextStates states, int clipSkip) {
      int layers = checked(clip, clipSkip);
      return clipSkip == 0
          ? states.last()
          : clip.finalNorm(states.hiddenStates().get(layers - clipSkip));
    }
  },
  /** The penultimate, without a norm; earlier ones likewise: Stable Diffusion XL. */
  PENULTIMATE {
    @Override
    NDArray of(CLIPTextEncoder clip, TextStates states, int clipSkip) {
      return states.hiddenStates().get(checked(clip, clipSkip) - 1 - clipSkip);
    }

    @Override
    int pooledChannels(CLIPTextEncoder clip) {
      return clip instanceof CLIPTextModelWithProjection projecting
          ? projecting.config().projectionDim()
          : 0;
    }

    @Override
    @Nullable NDArray pooled(TextStates states) {
      return states.projected();
    }
  },
  /** The last, without the final norm; earlier ones likewise: the latent upscaler. */
  LAST_WITHOUT_NORM {
    @Override
    NDArray of(CLIPTextEncoder clip, TextStates states, int clipSkip) {
      return states.hiddenStates().get(checked(clip, clipSkip) - clipSkip);
    }

    @Override
    int pooledChannels(CLIPTextEncoder clip) {
      return clip.hiddenSize();
    }

    @Override
    @Nullable NDArray pooled(TextStates states) {
      return states.pooled();
    }
  };

  /**
   * @param clipSkip layers to leave out beside
   * @return [N, T, C]
   */
  abstract NDArray of(CLIPTextEncoder clip, TextStates states, int clipSkip);

  /** Channels of the one state for a whole text that the model takes; 0 for none. */
  int pooledChannels(CLIPTextEncoder clip) {
    return 0;
  }

  /** That state, [N, pooledChannels], or null for none. */
  @Nullable NDArray pooled(TextStates states) {
    return null;
  }

  /** The number of layers, of which the first must stay. */
  private static int checked(CLIPTextEncoder clip, int clipSkip) {
    int layers = clip.config().numHiddenLayers();
    if (clipSkip < 0 || clipSkip >= layers) {
      throw DiffusionException.badInput(
          "clip skip: expected 0 to %d, got %d".formatted(layers - 1, clipSkip));
    }
    return layers;
  }
}
