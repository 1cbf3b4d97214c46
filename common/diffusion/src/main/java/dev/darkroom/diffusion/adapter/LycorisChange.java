package dev.darkroom.diffusion.adapter;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.LowRank;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A change of LyCORIS that is no product of two small factors: LoHa, the product of two such
 * products entry by entry (Hyeon-Woo et al. 2022), and LoKr, a Kronecker product (Yeh et al. 2024).
 * It is multiplied out when it is read and takes the memory of its layer's weight.
 */
final class LycorisChange {
  private static final Program PROGRAM =
      Program.shared(
          """
      def product(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.matmul(a, b)

      def tucker(self, t: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return torch.einsum("ijkl,jr,ip->prkl", [t, b, a])

      def entrywise(self, a: Tensor, b: Tensor) -> Tensor:
        return a * b

      def kronecker(self, a: Tensor, b: Tensor) -> Tensor:
        if b.dim() == 4:
          a = torch.unsqueeze(torch.unsqueeze(a, 2), 3)
        return torch.kron(a, b.contiguous()).contiguous()
          """);

  private static final Set<Part> LOHA =
      Set.of(Part.HADA_W1_A, Part.HADA_W1_B, Part.HADA_W2_A, Part.HADA_W2_B);
  private static final Set<Part> LOHA_TUCKER = Set.of(Part.HADA_T1, Part.HADA_T2);

  private static final Set<Part> NO_FACTORS = Set.of(Part.ALPHA, Part.MAGNITUDE);

  private LycorisChange() {}

  /** Whether a layer's tensors are such a change. */
  static boolean isIn(Set<Part> parts) {
    return parts.stream().anyMatch(part -> part.isHada() || part.isLokr());
  }

  /**
   * What is wrong with a layer's tensors, or null.
   *
   * @param weight of the layer
   * @param shapes of the tensors
   */
  static @Nullable String fault(Shape weight, EnumMap<Part, Shape> shapes) {
    Set<Part> parts = new HashSet<>(shapes.keySet());
    parts.removeAll(NO_FACTORS);
    for (Map.Entry<Part, Shape> entry : shapes.entrySet()) {
      int dimensions = entry.getValue().dimension();
      boolean fits =
          switch (entry.getKey()) {
            case ALPHA, MAGNITUDE -> true;
            case HADA_T1, HADA_T2, LOKR_T2 -> dimensions == 4;
            case LOKR_W2 -> dimensions == 2 || dimensions == 4;
            default -> dimensions == 2;
          };
      if (!fits) {
        return "%s of shape %s".formatted(entry.getKey(), entry.getValue());
      }
    }
    Shape change;
    if (parts.equals(LOHA)) {
      change =
          entrywise(
              flat(shapes, Part.HADA_W1_A, Part.HADA_W1_B),
              flat(shapes, Part.HADA_W2_A, Part.HADA_W2_B));
    } else if (parts.containsAll(LOHA_TUCKER)
        && parts.containsAll(LOHA)
        && parts.size() == LOHA.size() + LOHA_TUCKER.size()) {
      change =
          entrywise(
              tucker(shapes, Part.HADA_T1, Part.HADA_W1_A, Part.HADA_W1_B),
              tucker(shapes, Part.HADA_T2, Part.HADA_W2_A, Part.HADA_W2_B));
    } else {
      change = kronecker(parts, shapes);
    }
    if (change == null) {
      return "factors that make no product";
    }
    return sameChange(change, weight) ? null : "a product of shape " + change;
  }

  private static @Nullable Shape kronecker(Set<Part> parts, EnumMap<Part, Shape> shapes) {
    Shape w1 =
        parts.contains(Part.LOKR_W1)
            ? shapes.get(Part.LOKR_W1)
            : flat(shapes, Part.LOKR_W1_A, Part.LOKR_W1_B);
    Shape w2 =
        parts.contains(Part.LOKR_W2)
            ? shapes.get(Part.LOKR_W2)
            : parts.contains(Part.LOKR_T2)
                ? tucker(shapes, Part.LOKR_T2, Part.LOKR_W2_A, Part.LOKR_W2_B)
                : flat(shapes, Part.LOKR_W2_A, Part.LOKR_W2_B);
    if (w1 == null || w2 == null || parts.stream().anyMatch(Part::isHada)) {
      return null;
    }
    Shape product = new Shape(w1.get(0) * w2.get(0), w1.get(1) * w2.get(1));
    return w2.dimension() == 4 ? product.add(w2.get(2)).add(w2.get(3)) : product;
  }

  private static @Nullable Shape flat(EnumMap<Part, Shape> shapes, Part a, Part b) {
    Shape left = shapes.get(a);
    Shape right = shapes.get(b);
    return left == null || right == null || left.get(1) != right.get(0)
        ? null
        : new Shape(left.get(0), right.get(1));
  }

  /** t [i, j, k, l], a [i, out], b [j, in]. */
  private static @Nullable Shape tucker(EnumMap<Part, Shape> shapes, Part t, Part a, Part b) {
    Shape core = shapes.get(t);
    Shape left = shapes.get(a);
    Shape right = shapes.get(b);
    if (core == null
        || left == null
        || right == null
        || core.get(0) != left.get(0)
        || core.get(1) != right.get(0)) {
      return null;
    }
    return new Shape(left.get(1), right.get(1), core.get(2), core.get(3));
  }

  private static @Nullable Shape entrywise(@Nullable Shape a, @Nullable Shape b) {
    return a != null && a.equals(b) ? a : null;
  }

  /** A convolution's change may be flat: [out, in * k * k]. */
  private static boolean sameChange(Shape change, Shape weight) {
    return change.get(0) == weight.get(0)
        && change.size() == weight.size()
        && (change.dimension() == 2 || LoraShapes.same(change, weight));
  }

  /**
   * The rank of the factors; null where LoKr left both whole.
   *
   * @param shapes of tensors without a fault
   */
  static @Nullable Long rank(EnumMap<Part, Shape> shapes) {
    for (Part decomposed : List.of(Part.HADA_W1_B, Part.LOKR_W2_B, Part.LOKR_W1_B)) {
      Shape shape = shapes.get(decomposed);
      if (shape != null) {
        return shape.get(0);
      }
    }
    return null;
  }

  /**
   * The change.
   *
   * @param weight shape of the layer's weight
   * @param scale what the product of the factors is multiplied with
   * @param tensors by what they are; closed here
   */
  static LowRank of(Shape weight, double scale, Function<Part, @Nullable NDArray> tensors) {
    EnumMap<Part, NDArray> read = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      NDArray tensor = NO_FACTORS.contains(part) ? null : tensors.apply(part);
      if (tensor != null) {
        read.put(part, tensor);
      }
    }
    try (Scope scope = Scope.open()) {
      NDArray a;
      NDArray b;
      boolean hada = read.containsKey(Part.HADA_W1_A);
      if (hada) {
        a = factor(read, null, Part.HADA_T1, Part.HADA_W1_A, Part.HADA_W1_B);
        b = factor(read, null, Part.HADA_T2, Part.HADA_W2_A, Part.HADA_W2_B);
      } else {
        a = factor(read, Part.LOKR_W1, null, Part.LOKR_W1_A, Part.LOKR_W1_B);
        b = factor(read, Part.LOKR_W2, Part.LOKR_T2, Part.LOKR_W2_A, Part.LOKR_W2_B);
      }
      NDArray change =
          PROGRAM.call(hada ? "entrywise" : "kronecker").tensor(a).tensor(b).run().reshape(weight);
      return LowRank.whole(Scope.release(scope.keep(change)), scale);
    } finally {
      read.values().forEach(NDArray::close);
    }
  }

  private static NDArray factor(
      EnumMap<Part, NDArray> read,
      @Nullable Part whole,
      @Nullable Part core,
      Part left,
      Part right) {
    if (whole != null && read.containsKey(whole)) {
      return Objects.requireNonNull(read.get(whole));
    }
    NDArray a = Objects.requireNonNull(read.get(left), "checked");
    NDArray b = Objects.requireNonNull(read.get(right), "checked");
    NDArray t = core == null ? null : read.get(core);
    return t == null
        ? PROGRAM.call("product").tensor(a).tensor(b).run()
        : PROGRAM.call("tucker").tensor(t).tensor(a).tensor(b).run();
  }
}
