package dev.darkroom.cli.forward;

import ai.djl.Device;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.cli.console.Console;
import dev.darkroom.cli.console.DeviceOption;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.QuietExit;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs components and samplers on given tensors. A case that fails leaves the others running. */
@Command(
    name = "forward",
    mixinStandardHelpOptions = true,
    description = {
      "One model component, or one sampler, on given tensors.",
      "A case is a folder: config.json, weights in any *.safetensors, and inputs.safetensors. The answer is DIR/<case>.safetensors."
    })
public final class ForwardCommand implements Callable<Integer> {
  private static final int BAD_INPUT = 2;

  private final Console console;

  @Parameters(arity = "1..*", paramLabel = "CASE")
  private List<Path> folders = List.of();

  @Option(names = "--out", required = true, paramLabel = "DIR")
  private Path out = Path.of("");

  @Mixin private DeviceOption device = new DeviceOption();

  public ForwardCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    QuietExit.want();
    List<ForwardCase> cases = folders.stream().map(ForwardCase::new).toList();
    Set<String> names = new HashSet<>();
    for (ForwardCase each : cases) {
      if (!names.add(each.name())) {
        throw DiffusionException.badInput(
            "cases: expected folders of different names, got %s twice".formatted(each.name()));
      }
    }
    Device on = device.device();
    boolean failed = false;
    for (ForwardCase each : cases) {
      ObjectNode line = JsonNodeFactory.instance.objectNode().put("case", each.name());
      try {
        long start = System.nanoTime();
        Set<String> outputs = each.run(out, on);
        line.put("seconds", (System.nanoTime() - start) / 1e9);
        ArrayNode list = line.putArray("outputs");
        outputs.forEach(list::add);
      } catch (DiffusionException e) {
        failed = true;
        line.put("error", e.getMessage());
      } catch (RuntimeException e) {
        // A fault of ours or of the engine: said in full, and the other cases still run.
        failed = true;
        line.put("error", e.toString());
        e.printStackTrace(console.err());
      }
      console.result(line);
    }
    return failed ? BAD_INPUT : 0;
  }
}
