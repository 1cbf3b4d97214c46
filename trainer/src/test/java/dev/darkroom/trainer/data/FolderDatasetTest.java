package dev.darkroom.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderDatasetTest {
  @TempDir Path folder;

  @Test
  void samplesComeInTheOrderOfTheMetadataWithTextAndLabel() throws IOException {
    picture("b.png");
    picture("sub/a.png");
    metadata(
        "{\"file_name\":\"sub/a.png\",\"text\":\"an a\",\"label\":3,\"extra\":1}",
        "",
        "{\"file_name\":\"b.png\",\"text\":\"a b\"}");
    Dataset dataset = FolderDataset.open(folder, 16, Captions.REQUIRED);
    assertEquals(2, dataset.size());
    assertEquals(new Sample(0, 0, "an a", OptionalInt.of(3)), dataset.draw(0, 1, 1));
    assertEquals("b.png", dataset.name(1));
    assertEquals(16, dataset.picture(1, 0).width());
  }

  @Test
  void aCorruptPictureFailsTheOpeningWithItsName() throws IOException {
    picture("good.png");
    byte[] bad = PictureReaderTest.png();
    bad[bad.length / 2] ^= 1;
    Files.write(folder.resolve("bad.png"), bad);
    metadata(
        "{\"file_name\":\"good.png\",\"text\":\"x\"}",
        "{\"file_name\":\"bad.png\",\"text\":\"y\"}");
    assertInvalid("bad.png: ");
  }

  @Test
  void aMissingPictureAndALineThatIsNoJsonAreNamed() throws IOException {
    picture("a.png");
    metadata("{\"file_name\":\"gone.png\",\"text\":\"x\"}");
    assertInvalid("gone.png: ");
    metadata("{\"file_name\":\"a.png\",\"text\":\"x\"}", "{oops");
    assertInvalid("metadata.jsonl line 2: ");
    metadata("{\"file_name\":\"a.png\",\"text\":7}");
    assertInvalid("metadata.jsonl line 1: ");
    metadata(
        "{\"file_name\":\"a.png\",\"text\":\"x\"}", "{\"file_name\":\"a.png\",\"text\":\"x\"}");
    assertInvalid("came before");
  }

  @Test
  void metadataCannotNameAFileOutsideTheFolder() throws IOException {
    Path inside = Files.createDirectories(folder.resolve("inside"));
    picture("secret.png");
    Files.writeString(
        inside.resolve("metadata.jsonl"), "{\"file_name\":\"../secret.png\",\"text\":\"x\"}");
    DarkroomException e =
        assertThrows(
            DarkroomException.class, () -> FolderDataset.open(inside, 16, Captions.OPTIONAL));
    assertTrue(e.getMessage().contains("holds no such file"), e.getMessage());
  }

  @Test
  void wordsAreRequiredOnlyWhereTheRecipeLearnsFromThem() throws IOException {
    picture("a.png");
    assertInvalid("expected metadata.jsonl");
    assertEquals(1, FolderDataset.open(folder, 16, Captions.OPTIONAL).size());
    metadata("{\"file_name\":\"a.png\"}");
    assertInvalid("a.png: expected \"text\"");
    assertEquals("", FolderDataset.open(folder, 16, Captions.OPTIONAL).draw(0, 0, 0).caption());
  }

  @Test
  void theFingerprintFollowsPixelsWordsAndSize() throws IOException {
    picture("a.png");
    metadata("{\"file_name\":\"a.png\",\"text\":\"x\"}");
    String first = FolderDataset.open(folder, 16, Captions.REQUIRED).fingerprint();
    assertEquals(first, FolderDataset.open(folder, 16, Captions.REQUIRED).fingerprint());
    assertNotEquals(first, FolderDataset.open(folder, 24, Captions.REQUIRED).fingerprint());
    metadata("{\"file_name\":\"a.png\",\"text\":\"y\"}");
    assertNotEquals(first, FolderDataset.open(folder, 16, Captions.REQUIRED).fingerprint());
  }

  @Test
  void anEmptyFolderIsNoDataset() {
    DarkroomException e =
        assertThrows(
            DarkroomException.class, () -> FolderDataset.open(folder, 16, Captions.OPTIONAL));
    assertTrue(e.getMessage().contains("at least one"), e.getMessage());
  }

  private void picture(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, PictureReaderTest.png());
  }

  private void metadata(String... lines) throws IOException {
    Files.writeString(folder.resolve("metadata.jsonl"), String.join("\n", lines));
  }

  private void assertInvalid(String message) {
    DarkroomException e =
        assertThrows(
            DarkroomException.class, () -> FolderDataset.open(folder, 16, Captions.REQUIRED));
    assertEquals(ErrorCode.INVALID_DATASET, e.code());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }
}
