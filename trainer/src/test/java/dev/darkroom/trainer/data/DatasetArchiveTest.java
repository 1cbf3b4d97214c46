package dev.darkroom.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetArchiveTest {
  @TempDir Path temp;

  @Test
  void anArchiveOfOneFolderBecomesADataset() throws IOException {
    Path zip =
        zip(
            "pets/a.png",
            PictureReaderTest.png(),
            "pets/metadata.jsonl",
            "{\"file_name\":\"a.png\",\"text\":\"a pet\"}"
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
    DatasetArchive.STANDARD.unpack(zip, temp.resolve("out"));
    assertEquals(
        "a pet",
        FolderDataset.open(temp.resolve("out"), 16, Captions.REQUIRED).draw(0, 0, 0).caption());
  }

  @Test
  void aFileThatIsNoZipIsOneSentence() throws IOException {
    Path file = Files.writeString(temp.resolve("x.zip"), "not a zip at all");
    assertInvalid(DatasetArchive.STANDARD, file, "no zip archive");
  }

  @Test
  void namesThatLeaveTheFolderAreRefusedAndNothingIsWrittenThere() throws IOException {
    for (String name :
        new String[] {"../evil.png", "a/../../evil.png", "/evil.png", "..\\evil.png", "."}) {
      assertInvalid(DatasetArchive.STANDARD, zip(name, new byte[] {1}), "outside the dataset");
    }
    assertFalse(Files.exists(temp.resolve("evil.png")));
  }

  @Test
  void aBombIsStoppedByItsRatio() throws IOException {
    assertInvalid(DatasetArchive.STANDARD, zip("zeros.png", new byte[32 << 20]), "times its size");
  }

  @Test
  void bytesAreCountedAcrossEntries() throws IOException {
    DatasetArchive small = new DatasetArchive(10, 1500, 200);
    byte[] kilobyte = new byte[1000];
    assertInvalid(small, zip("a.png", kilobyte, "b.png", kilobyte), "at most 1500 bytes");
  }

  @Test
  void entriesAreCounted() throws IOException {
    assertInvalid(
        new DatasetArchive(1, 1500, 200),
        zip("a", new byte[1], "b", new byte[1]),
        "at most 1 entries");
  }

  @Test
  void aDamagedEntryIsNamed() throws IOException {
    Path zip = zip("a.png", PictureReaderTest.encode(PictureReaderTest.noise(64), "png"));
    byte[] bytes = Files.readAllBytes(zip);
    java.util.Arrays.fill(bytes, 60, 400, (byte) 0xff);
    Files.write(zip, bytes);
    assertInvalid(DatasetArchive.STANDARD, zip, "a.png");
  }

  private int count;

  private Path zip(Object... namesAndBytes) throws IOException {
    Path file = temp.resolve("archive" + count++ + ".zip");
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (int at = 0; at < namesAndBytes.length; at += 2) {
        zip.putNextEntry(new ZipEntry((String) namesAndBytes[at]));
        zip.write((byte[]) namesAndBytes[at + 1]);
        zip.closeEntry();
      }
    }
    return file;
  }

  private void assertInvalid(DatasetArchive limits, Path zip, String message) {
    DarkroomException e =
        assertThrows(
            DarkroomException.class, () -> limits.unpack(zip, temp.resolve("out" + count++)));
    assertEquals(ErrorCode.INVALID_DATASET, e.code());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }
}
