package dev.darkroom.diffusion.unet;

/** diffusers' class names of the levels on the way up. */
public enum UpBlockType {
  UpBlock2D(LevelKind.PLAIN),
  CrossAttnUpBlock2D(LevelKind.TRANSFORMER),
  AttnUpBlock2D(LevelKind.SELF_ATTENTION),
  ResnetUpsampleBlock2D(LevelKind.RESIZING_RESNET),
  SimpleCrossAttnUpBlock2D(LevelKind.SIMPLE_CROSS_ATTENTION),
  KUpBlock2D(LevelKind.K),
  KCrossAttnUpBlock2D(LevelKind.K_CROSS_ATTENTION);

  private final LevelKind kind;

  UpBlockType(LevelKind kind) {
    this.kind = kind;
  }

  LevelKind kind() {
    return kind;
  }

  /** Whether it attends to the context. */
  boolean attends() {
    return kind.attends();
  }
}
