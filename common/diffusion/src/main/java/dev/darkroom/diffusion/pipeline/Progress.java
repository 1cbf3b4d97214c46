package dev.darkroom.diffusion.pipeline;

/** Hears where a run is, in the thread that runs it. */
public interface Progress {
  /** For those who do not listen. */
  Progress SILENT =
      new Progress() {
        @Override
        public void encoded() {}

        @Override
        public void stepped(int step, int steps) {}

        @Override
        public void decoded(int image) {}
      };

  /** The prompts are encoded. */
  void encoded();

  /** {@code step} of {@code steps} are done, from 1. */
  void stepped(int step, int steps);

  /** Image {@code image} is decoded, from 0. */
  void decoded(int image);
}
