package dev.darkroom.worker.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.run.CrashPoint;
import dev.darkroom.jobs.run.StageListener;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.local.embedded.TestServices;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real worker processes die, freeze and wake: every job ends once, with one set of images. */
@Timeout(400)
class WorkerCrashTest {
  private static final int KILLED = 137;

  @TempDir Path folder;

  private Site site;
  private final List<Process> processes = new ArrayList<>();

  @BeforeEach
  void start() {
    site = new Site();
  }

  @AfterEach
  void stop() {
    processes.forEach(Process::destroyForcibly);
    site.close();
  }

  /**
   * By when the first process dies, the job is its own but for the last two, where it has ended
   * already.
   */
  @ParameterizedTest
  @CsvSource({"claimed, 2", "ran, 2", "committed, 1", "settled, 1"})
  void aWorkerThatDiesAtAStageCostsNothing(String stage, int attempts) throws Exception {
    GenerationSpec spec = site.spec("crash at " + stage, 5, 2, 11);
    Process first = process("first", stage);
    JobId id = site.submit(spec);
    assertTrue(first.waitFor(150, TimeUnit.SECONDS));
    assertEquals(KILLED, first.exitValue());

    try (GenerationWorker second = second()) {
      assertEndsOnce(id, spec, attempts);
    }
  }

  @Test
  void aWorkerKilledBetweenStepsIsReplaced() throws Exception {
    GenerationSpec spec = site.spec("killed", 600, 1, 12);
    Process first = process("first", "");
    JobId id = frozenBetweenSteps(first, spec);
    first.destroyForcibly();

    try (GenerationWorker second = second()) {
      assertEndsOnce(id, spec, 2);
    }
  }

  /** The frozen one wakes up, finishes its work, and finds that it no longer counts. */
  @Test
  void aWorkerThatWakesUpLateChangesNothing() throws Exception {
    GenerationSpec spec = site.spec("frozen", 600, 1, 13);
    Process first = process("first", "");
    JobId id = frozenBetweenSteps(first, spec);
    try (GenerationWorker second = second()) {
      assertEndsOnce(id, spec, 2);
      signal(first, "CONT");
      // It takes new work only once it has let go of the old.
      first.destroy();
      assertTrue(first.waitFor(150, TimeUnit.SECONDS));
      assertEndsOnce(id, spec, 2);
    }
  }

  @Test
  void aJobThatKillsItsWorkerTwiceIsGivenUp() throws Exception {
    JobId id = site.submit(site.spec("poison", 5, 1, 14));
    for (String name : List.of("first", "second")) {
      Process process = process(name, "ran");
      assertTrue(process.waitFor(150, TimeUnit.SECONDS));
    }
    try (GenerationWorker third = second()) {
      Job job = site.ended(id);

      assertEquals(JobState.FAILED, job.state());
      assertEquals(ErrorCode.WORKER_CRASHED, job.error().orElseThrow().code());
    }
  }

  /**
   * A job that the process has begun and, now that it is frozen, cannot end. A job may end between
   * the look at its row and the signal: then it is another's turn.
   */
  private JobId frozenBetweenSteps(Process process, GenerationSpec spec) throws Exception {
    while (true) {
      JobId id = site.submit(spec);
      site.awaitJob(id, job -> job.step() > 0 || job.state().isDone());
      signal(process, "STOP");
      if (site.jobs.find(id).orElseThrow().state() == JobState.RUNNING) {
        return id;
      }
      signal(process, "CONT");
    }
  }

  private void assertEndsOnce(JobId id, GenerationSpec spec, int attempts) {
    Job job = site.ended(id);
    assertEquals(JobState.SUCCEEDED, job.state(), job::toString);
    assertEquals(attempts, job.attempt());
    assertEquals(1, site.times(id, JobState.SUCCEEDED));
    List<byte[]> expected = Site.oracle(spec);
    List<byte[]> images = site.images(job);
    assertEquals(expected.size(), images.size());
    for (int i = 0; i < images.size(); i++) {
      assertArrayEquals(expected.get(i), images.get(i));
    }
  }

  private GenerationWorker second() {
    return new GenerationWorker(
        site.settings("second", folder.resolve("second"), 2, Site.LEASE),
        site.database,
        site.objects,
        StageListener.NONE);
  }

  private Process process(String name, String crashPoint) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-Xmx256m",
            "--enable-native-access=ALL-UNNAMED",
            "-Dai.djl.offline=true",
            "-D" + CrashPoint.PROPERTY + "=" + crashPoint,
            "-cp",
            System.getProperty("java.class.path"),
            WorkerMain.class.getName());
    var environment = builder.environment();
    environment.put("POSTGRES_URL", site.databaseUrl);
    environment.put("POSTGRES_USER", TestServices.postgres().user());
    environment.put("POSTGRES_PASSWORD", TestServices.postgres().password());
    environment.put("S3_ENDPOINT", TestServices.s3().endpoint());
    environment.put("S3_ACCESS_KEY", TestServices.s3().accessKey());
    environment.put("S3_SECRET_KEY", TestServices.s3().secretKey());
    environment.put("S3_BUCKET", TestServices.s3().bucket());
    environment.put("S3_REGION", TestServices.s3().region());
    environment.put("KAFKA", TestServices.kafka().bootstrapServers());
    environment.put("NAME", name);
    environment.put("POOL", site.pool);
    environment.put("CACHE", folder.resolve(name).toString());
    environment.put("OMP_NUM_THREADS", "1");
    Path log = folder.resolve(name + ".log");
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    processes.add(process);
    return process;
  }

  /** By the shell, which has kill built in: not every machine has the program. */
  private static void signal(Process process, String signal) throws Exception {
    String command = "kill -%s %d".formatted(signal, process.pid());
    Process kill = new ProcessBuilder("/bin/sh", "-c", command).start();
    assertEquals(0, kill.waitFor());
  }
}
