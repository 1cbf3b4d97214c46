package dev.darkroom.trainer.starter;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.data.DiskErrors;
import dev.darkroom.trainer.data.Draw;
import dev.darkroom.trainer.data.Picture;
import dev.darkroom.trainer.data.Sample;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The emoji pictures: each stands on white or on one of ten colours, which the caption names. Kept
 * as two files, one with the words and {@code pictures.rgba} with the pixels one after another,
 * which are mapped and not read.
 */
final class EmojiDataset implements Dataset {
  static final int SIDE = 128;
  private static final int BYTES = SIDE * SIDE * 4;

  /**
   * Every twentieth picture is never shown to the autoencoder: its figures are measured on these.
   */
  private static final int HELD_OUT_EVERY = 20;

  private static final int HELD_OUT_AT = 7;

  /** Changes when captions are written or pictures composed another way. */
  private static final int FORM = 3;

  private static final String WORDS = "words-" + FORM + ".json";
  private static final String PIXELS = "pictures.rgba";

  private final List<Emoji> emoji;
  private final int[] rows;
  private final MappedByteBuffer pixels;
  private final String fingerprint;

  private EmojiDataset(List<Emoji> emoji, int[] rows, MappedByteBuffer pixels, String fingerprint) {
    this.emoji = emoji;
    this.rows = rows;
    this.pixels = pixels;
    this.fingerprint = fingerprint;
  }

  /** Reads the packages and writes the two files; the words appear last, and only whole. */
  static void write(EmojiSource.Sources sources, Path folder) {
    List<Emoji> emoji = new ArrayList<>();
    Path pixels = folder.resolve(PIXELS);
    Path partial = folder.resolve(WORDS + ".partial");
    try {
      Files.createDirectories(folder);
      try (OutputStream out = Files.newOutputStream(pixels)) {
        EmojiSource.read(
            sources,
            SIDE,
            (one, picture) -> {
              emoji.add(one);
              append(out, pixels, picture);
            });
      }
      new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(partial.toFile(), emoji);
      Files.move(partial, folder.resolve(WORDS), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw DiskErrors.writing(folder.resolve(PIXELS), e);
    }
  }

  private static void append(OutputStream out, Path file, Picture picture) {
    try {
      out.write(picture.rgba());
    } catch (IOException e) {
      throw DiskErrors.writing(file, e);
    }
  }

  static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(WORDS));
  }

  static EmojiDataset open(Path folder) {
    Path file = folder.resolve(PIXELS);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      List<Emoji> emoji =
          new ObjectMapper()
              .readValue(folder.resolve(WORDS).toFile(), new TypeReference<List<Emoji>>() {});
      if (channel.size() != (long) emoji.size() * BYTES) {
        throw new DarkroomException(
            ErrorCode.CORRUPT_OBJECT,
            "%s: expected %d bytes, got %d; delete %s and run again"
                .formatted(file, (long) emoji.size() * BYTES, channel.size(), folder));
      }
      MappedByteBuffer pixels = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
      int[] all = IntStream.range(0, emoji.size()).toArray();
      return new EmojiDataset(List.copyOf(emoji), all, pixels, fingerprint(emoji, pixels));
    } catch (IOException e) {
      throw DiskErrors.reading(file, e);
    }
  }

  private static String fingerprint(List<Emoji> emoji, MappedByteBuffer pixels) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(("emoji " + FORM + emoji).getBytes(java.nio.charset.StandardCharsets.UTF_8));
      digest.update(pixels.duplicate());
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** What the autoencoder learns from. */
  EmojiDataset training() {
    return where(row -> row % HELD_OUT_EVERY != HELD_OUT_AT, "training");
  }

  /** What the autoencoder is measured on. */
  EmojiDataset heldOut() {
    return where(row -> row % HELD_OUT_EVERY == HELD_OUT_AT, "held out");
  }

  private EmojiDataset where(java.util.function.IntPredicate kept, String name) {
    return new EmojiDataset(
        emoji, IntStream.of(rows).filter(kept).toArray(), pixels, fingerprint + " " + name);
  }

  Emoji emoji(int index) {
    return emoji.get(rows[index]);
  }

  @Override
  public int size() {
    return rows.length;
  }

  @Override
  public int width() {
    return SIDE;
  }

  @Override
  public int height() {
    return SIDE;
  }

  @Override
  public int variants() {
    return Background.values().length;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public Sample draw(int index, long seed, long step) {
    Draw draw = new Draw(seed, step, rows[index]);
    Background background = CaptionWriter.background(draw);
    String caption = CaptionWriter.caption(emoji(index), background, draw);
    return new Sample(index, background.ordinal(), caption, OptionalInt.empty());
  }

  @Override
  public Picture picture(int index, int variant) {
    byte[] rgba = new byte[BYTES];
    pixels.get(rows[index] * BYTES, rgba);
    Background background = Background.values()[variant];
    return new Picture(SIDE, SIDE, rgba)
        .over(background.red(), background.green(), background.blue());
  }

  @Override
  public String name(int index) {
    return emoji(index).label();
  }
}
