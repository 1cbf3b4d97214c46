package dev.darkroom.diffusion.unet;

/** diffusers' class names of the levels on the way down. */
public enum DownBlockType {
  DownBlock2D(LevelKind.PLAIN),
  CrossAttnDownBlock2D(LevelKind.TRANSFORMER),
  AttnDownBlock2D(LevelKind.SELF_ATTENTION),
  ResnetDownsampleBlock2D(LevelKind.RESIZING_RESNET),
  SimpleCrossAttnDownBlock2D(LevelKind.SIMPLE_CROSS_ATTENTION),
  KDownBlock2D(LevelKind.K),
  KCrossAttnDownBlock2D(LevelKind.K_CROSS_ATTENTION);

  private final LevelKind kind;

  DownBlockType(LevelKind kind) {
    this.kind = kind;
  }

  LevelKind kind() {
    return kind;
  }

  /** Whether it attends to the context. */
  boolean attends() {
    return kind.attends();
  }

  /** Whether it is one of k-diffusion's. */
  public boolean isK() {
    return kind.isK();
  }
}
