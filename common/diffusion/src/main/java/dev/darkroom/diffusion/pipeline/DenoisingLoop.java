package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.pipeline.Conditioning.Branch;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reverse process of several pictures together. Ho et al. 2020, algorithm 2, with any sampler
 * and any guidance.
 *
 * @param unet the network
 * @param shape of every picture's latent
 * @param end the call to end before
 */
record DenoisingLoop(
    Predictor unet,
    Sampler sampler,
    Conditioning conditioning,
    LatentShape shape,
    int end,
    Progress progress) {

  /**
   * A picture in the loop.
   *
   * @param state before the first call to make
   * @param channels what the network reads beside the latent, [C*h*w]; empty for nothing
   * @param kept what is put back after each step, or null
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Picture(SamplerState state, float[] channels, @Nullable KeptLatent kept) {
    static Picture of(SamplerState state) {
      return new Picture(state, new float[0], null);
    }

    Picture with(SamplerState next) {
      return new Picture(next, channels, kept);
    }
  }

  /** The latents that the pictures end with. */
  List<float[]> run(List<Picture> pictures) {
    int begin = pictures.getFirst().state().step();
    List<Controls.Ready> controls = unet.controls().ready(shape);
    List<Picture> now = new ArrayList<>(pictures);
    for (int step = begin; step < end; step++) {
      List<Branch> branches = conditioning.branches(step);
      List<Row> rows = new ArrayList<>();
      for (Picture picture : now) {
        float[] latent = sampler.modelInput(picture.state());
        for (Branch branch : branches) {
          float[] input = joined(latent, picture.channels(), branch.seesPicture());
          rows.add(
              new Row(
                  input,
                  conditioning.time(sampler, step),
                  branch.conditions(),
                  Controls.Ready.at(step - begin, end - begin, branch.toward(), controls)));
        }
      }
      List<float[]> predictions = unet.predict(rows, shape);
      int each = branches.size();
      for (int i = 0; i < now.size(); i++) {
        Picture picture = now.get(i);
        float[] prediction =
            conditioning.guided(step, predictions.subList(i * each, (i + 1) * each));
        SamplerState next = sampler.step(picture.state(), prediction);
        if (picture.kept() != null) {
          next = picture.kept().restore(sampler, next, end);
        }
        now.set(i, picture.with(next));
      }
      progress.stepped(step - begin + 1, end - begin);
    }
    return now.stream().map(picture -> picture.state().sample()).toList();
  }

  private static float[] joined(float[] latent, float[] channels, boolean sees) {
    if (channels.length == 0) {
      return latent;
    }
    float[] input = Arrays.copyOf(latent, latent.length + channels.length);
    if (sees) {
      System.arraycopy(channels, 0, input, latent.length, channels.length);
    }
    return input;
  }
}
