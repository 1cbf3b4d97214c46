package dev.darkroom.jobs.message;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.job.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The golden files are what is on the wire and stays readable: to change one breaks an upgrade. */
class MessageGoldenTest {
  private static final JobId ID = new JobId("01jdk3wq5m0123456789abcdef");
  private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678Z");

  record Golden(String file, Class<? extends Message> type, Message message) {
    @Override
    public String toString() {
      return file;
    }
  }

  static Stream<Golden> goldens() {
    return Stream.of(
        new Golden(
            "generation_requested.v1.json", JobRequested.class, new GenerationRequested(1, ID, 3)),
        new Golden(
            "training_requested.v1.json", JobRequested.class, new TrainingRequested(1, ID, 1)),
        new Golden("cancel_requested.v1.json", Control.class, new Control.CancelRequested(1, ID)),
        new Golden(
            "state_changed.v1.json",
            Event.class,
            new Event.StateChanged(1, ID, 2, AT, JobState.RUNNING)),
        new Golden("progress.v1.json", Event.class, new Event.Progress(1, ID, 2, AT, 7, 20)),
        new Golden("log_line.v1.json", Event.class, new Event.LogLine(1, ID, 2, AT, "seed 42 ✓")),
        new Golden(
            "preview.v1.json",
            Event.class,
            new Event.Preview(1, ID, 2, AT, 0, 7, "image/jpeg", new byte[] {-1, -40, -1, 0})),
        new Golden(
            "metric.v1.json",
            Event.class,
            new Event.Metric(1, ID, 2, AT, 10, Map.of("loss", 0.25))),
        new Golden(
            "output_ready.v1.json",
            Event.class,
            new Event.OutputReady(
                1,
                ID,
                2,
                AT,
                new OutputFile(0, "outputs/x/2/0.png", "image/png", 1234, Sha256.of("x")))));
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void writesWhatTheGoldenFileSays(Golden golden) throws IOException {
    assertEquals(Json.tree(text(golden.file())), Json.tree(Json.write(golden.message())));
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void readsTheGoldenFile(Golden golden) throws IOException {
    Message read = Json.read(text(golden.file()), golden.type());
    if (golden.message() instanceof Event.Preview expected) {
      assertArrayEquals(expected.image(), assertInstanceOf(Event.Preview.class, read).image());
    } else {
      assertEquals(golden.message(), read);
    }
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void readsWhatANewerVersionAddsAMemberTo(Golden golden) throws IOException {
    ObjectNode tree = (ObjectNode) Json.tree(text(golden.file()));
    tree.put("v", 2).putObject("from_the_future").put("a", 1);
    assertEquals(2, Json.read(tree.toString(), golden.type()).v());
  }

  @Test
  void everyMessageHasAGoldenFile() {
    var covered =
        goldens().map(g -> g.message().getClass().getSimpleName()).collect(Collectors.toSet());
    var known =
        Stream.of(JobRequested.class, Control.class, Event.class)
            .flatMap(type -> Stream.of(type.getPermittedSubclasses()))
            .map(Class::getSimpleName)
            .collect(Collectors.toSet());
    assertEquals(new TreeSet<>(known), new TreeSet<>(covered));
  }

  private static String text(String file) throws IOException {
    try (InputStream in = MessageGoldenTest.class.getResourceAsStream("/messages/" + file)) {
      assertNotNull(in, "golden file " + file);
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
