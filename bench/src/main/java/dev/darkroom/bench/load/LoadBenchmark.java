package dev.darkroom.bench.load;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.bench.Benchmark;
import dev.darkroom.bench.model.RandomModel;
import dev.darkroom.bench.peer.Answer;
import dev.darkroom.bench.peer.Programs;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.singlefile.SingleFileWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Loading a single file of Stable Diffusion 1.5's shapes over reading it once, both from the page
 * cache; once with float32 weights (4.3 GB), once with float16 (2.1 GB).
 */
public final class LoadBenchmark implements Benchmark {
  @Override
  public String name() {
    return "load";
  }

  @Override
  public String summary() {
    return "time to load a single file of Stable Diffusion 1.5's shapes over reading it once, on the clock and of all processors, and resident memory over the float32 weights (bars: 1.2, 1.1)";
  }

  @Override
  public void run(List<String> arguments) throws IOException, InterruptedException {
    try (RandomModel model = RandomModel.write()) {
      for (TensorType type : List.of(TensorType.F32, TensorType.F16)) {
        Path file = model.folder().resolve("single.safetensors");
        SingleFileWriter.write(model.folder(), file, null, type);
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        line.put("bench", name()).put("dtype", type.toString());
        line.put("file_mb", Files.size(file) >> 20);
        line.setAll((ObjectNode) Answer.of(Programs.java(OurLoad.class, List.of(file.toString()))));
        System.out.println(new ObjectMapper().writeValueAsString(line));
        Files.delete(file);
      }
    }
  }
}
