package dev.darkroom.diffusion.nn;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Program;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Builds a model's layers: a place in the tree of checkpoint keys, where layers take their
 * parameters. Layers and norms are values of the kernels' program; they live as long as the
 * source's manager.
 */
public final class Weights {
  private static final AtomicLong IDS = new AtomicLong();

  /** A layer that is narrower on one side costs next to nothing, and all else hangs on it. */
  private static final long NARROW = 32;

  /** Smaller weights are packed: they take little memory, and oneDNN is faster with theirs. */
  private static final long WORTH_STREAMING = 500_000;

  /** How the layers of a place are made. */
  private enum Form {
    USUAL,
    EXACT,
    STREAMED
  }

  private final ParameterSource source;
  private final Execution execution;
  private final Form form;
  private final Program program;
  private final String prefix;
  private final Map<String, NDArray> taken;
  private final @Nullable PackedSizes packedSizes;
  private final MappedWeights mapped;
  private final AdaptableLayers adaptable;

  private Weights(
      ParameterSource source,
      Execution execution,
      Form form,
      Program program,
      String prefix,
      Map<String, NDArray> taken,
      @Nullable PackedSizes packedSizes,
      MappedWeights mapped,
      AdaptableLayers adaptable) {
    this.source = source;
    this.execution = execution;
    this.form = form;
    this.program = program;
    this.prefix = prefix;
    this.taken = taken;
    this.packedSizes = packedSizes;
    this.mapped = mapped;
    this.adaptable = adaptable;
  }

  /** The root of a new model. */
  public static Weights of(ParameterSource source, Execution execution) {
    Device device = source.manager().getDevice();
    Program program = Kernels.of(execution, device);
    ReadWriteLock lock = new ReentrantReadWriteLock();
    boolean packed = Kernels.packs(execution, device);
    PackedSizes sizes = packed ? new PackedSizes(program, lock) : null;
    AdaptableLayers adaptable = new AdaptableLayers(program, packed, source.manager(), lock);
    source.manager().attachInternal("strengths-" + IDS.incrementAndGet(), adaptable.strengths());
    return new Weights(
        source,
        execution,
        Form.USUAL,
        program,
        "",
        new LinkedHashMap<>(),
        sizes,
        new MappedWeights(),
        adaptable);
  }

  /** The place {@code name} below this one; dots may separate several levels. */
  public Weights at(String name) {
    return place(prefix + name + ".", form);
  }

  /**
   * The same place for layers that compute in float32 in every execution: they cost little, and
   * much hangs on them, or their inputs have outliers.
   */
  public Weights exact() {
    return place(prefix, Form.EXACT);
  }

  /**
   * The same place for layers that run once for many runs of others, as a text encoder's do: in
   * float32, large matrices are not packed, and are in memory only while they are read.
   */
  public Weights streamed() {
    return place(prefix, Form.STREAMED);
  }

  /** This place in the tree, as checkpoint keys spell it; empty at the root. */
  String name() {
    return prefix.isEmpty() ? prefix : prefix.substring(0, prefix.length() - 1);
  }

  private Weights place(String below, Form there) {
    return new Weights(
        source, execution, there, program, below, taken, packedSizes, mapped, adaptable);
  }

  /** {@code at("blocks." + index)}. */
  public Weights at(String name, int index) {
    return at(name + "." + index);
  }

  /**
   * Everything taken so far through any place of this tree: after construction, the model's
   * parameters.
   *
   * @throws DiffusionException if the model is built for inference
   */
  public Map<String, NDArray> parameters() {
    if (!execution.trains()) {
      throw DiffusionException.internal(
          "this model is built for inference: to read or change its parameters, build it for"
              + " training",
          null);
    }
    return Collections.unmodifiableMap(taken);
  }

  /**
   * Runs a forward of the model. The first of each size may rearrange weights, and so runs alone;
   * the others run together, from any threads.
   *
   * @param rows how many come in
   * @param size of their maps and sequences
   */
  public <T> T run(Supplier<T> forward, long rows, long... size) {
    T result = packedSizes == null ? adaptable.run(forward) : packedSizes.run(forward, rows, size);
    mapped.giveBack();
    return result;
  }

  /** Every layer of the tree so far: where adapters act. */
  public AdaptableLayers adaptable() {
    return adaptable;
  }

  /** Whether the source holds a parameter below this place. */
  public boolean holds(String name) {
    return source.holds(prefix + name);
  }

  /** The parameter {@code name} of this place itself. */
  public NDArray parameter(String name, Shape shape, Initialisation initialisation) {
    String key = prefix + name;
    NDArray parameter = source.take(key, shape, initialisation);
    taken.put(key, parameter);
    return parameter;
  }

  /**
   * The table [rows, channels] at this place, whose rows are looked up: for {@code token_embedding}
   * (text.py), which makes them float32.
   */
  NDArray table(Shape shape, Initialisation initialisation) {
    return weight(shape, initialisation);
  }

  /**
   * The weight at this place for a kernel that makes float32 of what it reads: for inference it
   * stays as the checkpoint has it, and where it is.
   */
  private NDArray weight(Shape shape, Initialisation initialisation) {
    return packedSizes == null
        ? parameter("weight", shape, initialisation)
        : source.takeStored(prefix + "weight", shape, initialisation);
  }

  /** A linear layer at this place: weight [out, in], bias [out]. */
  public IValue linear(long in, long out) {
    Initialisation start = Initialisation.ofFanIn(in);
    return layer(weight(new Shape(out, in), start), parameter("bias", new Shape(out), start), 1, 0);
  }

  public IValue linearWithoutBias(long in, long out) {
    return layer(weight(new Shape(out, in), Initialisation.ofFanIn(in)), null, 1, 0);
  }

  /** A square convolution at this place: weight [out, in, kernel, kernel], bias [out]. */
  public IValue convolution(long in, long out, int kernel, int stride, int padding) {
    Initialisation start = Initialisation.ofFanIn(in * kernel * kernel);
    NDArray weight = weight(new Shape(out, in, kernel, kernel), start);
    return layer(weight, parameter("bias", new Shape(out), start), stride, padding);
  }

  /**
   * A convolution that starts at zero: what it leads to is at first untouched (Zhang et al. 2023).
   */
  public IValue zeroConvolution(long in, long out, int kernel) {
    Initialisation zero = new Initialisation.Constant(0);
    NDArray weight = weight(new Shape(out, in, kernel, kernel), zero);
    return layer(weight, parameter("bias", new Shape(out), zero), 1, kernel / 2);
  }

  public IValue convolutionWithoutBias(long in, long out, int kernel, int stride, int padding) {
    Shape shape = new Shape(out, in, kernel, kernel);
    Initialisation start = Initialisation.ofFanIn(in * kernel * kernel);
    return layer(weight(shape, start), null, stride, padding);
  }

  /** A 3x3 convolution that keeps the size. */
  public IValue convolution3(long in, long out) {
    return convolution(in, out, 3, 1, 1);
  }

  public IValue convolution1(long in, long out) {
    return convolution(in, out, 1, 1, 0);
  }

  public IValue groupNorm(int groups, long channels, double eps) {
    return norm(groups, channels, eps);
  }

  public IValue layerNorm(long channels, double eps) {
    return norm(0, channels, eps);
  }

  /** Layers or norms as the list that a kernel takes. */
  public IValue list(IValue... values) {
    return held(IValue.listFrom(values));
  }

  IValue list(Stream<IValue> values) {
    return list(values.toArray(IValue[]::new));
  }

  /** The kernels that run these layers. */
  Program program() {
    return program;
  }

  private IValue norm(int groups, long channels, double eps) {
    NDArray weight = parameter("weight", new Shape(channels), new Initialisation.Constant(1));
    NDArray bias = parameter("bias", new Shape(channels), new Initialisation.Constant(0));
    return held(
        program.call("norm").tensor(weight).tensor(bias).integer(groups).real(eps).runForValue());
  }

  private IValue layer(NDArray weight, @Nullable NDArray bias, int stride, int padding) {
    Shape shape = weight.getShape();
    boolean streams = streams(shape);
    if (streams && source.isMapped(prefix + "weight")) {
      mapped.add(weight);
    }
    IValue layer =
        held(
            program
                .call(streams ? "streamed_layer" : executionOf(shape).layerKernel())
                .tensor(weight)
                .optional(bias)
                .integer(stride)
                .integer(padding)
                .value(adaptable.strengths())
                .runForValue());
    adaptable.add(name(), layer, shape);
    if (!execution.trains()) {
      // The layer alone holds its weight now, so that packing can replace it.
      weight.close();
    }
    if (packedSizes != null && !streams) {
      packedSizes.add(layer, shape.size());
    }
    return layer;
  }

  private boolean streams(Shape weight) {
    return form == Form.STREAMED
        && execution == Execution.INFERENCE
        && packedSizes != null
        && weight.dimension() == 2
        && weight.size() >= WORTH_STREAMING;
  }

  private Execution executionOf(Shape weight) {
    return form == Form.EXACT || isNarrow(weight) ? Execution.INFERENCE : execution;
  }

  /** Layers of 16 bits on a GPU hand on what they answer in, so that only the last is exact. */
  private boolean isNarrow(Shape weight) {
    long out = weight.get(0);
    return (packedSizes == null ? out : Math.min(out, weight.get(1))) < NARROW;
  }

  /** What a kernel made of values of this model, to live as long as they do. */
  IValue held(IValue value) {
    NDManager manager = source.manager();
    manager.attachInternal("layer-" + IDS.incrementAndGet(), value);
    return value;
  }
}
