package dev.darkroom.diffusion.random;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * A Brownian path W that can be asked between any two times, in any order: the interval is halved
 * until a time is met, and each half's increment is drawn given the whole's, with a seed that its
 * place in the tree gives. Li et al. 2020, section 4. The numbers are those of {@code
 * torchsde.BrownianInterval(t0=low, t1=high, size=[n], entropy=seed, tol=1e-6, pool_size=24,
 * halfway_tree=True)}. Immutable.
 *
 * <p>As there, times are rounded to a millionth, and a time outside the interval is its end.
 */
public final class BrownianTree {
  private static final int POOL = 24;
  private static final int DIGITS = 6;

  private final SeedSequence seeds;
  private final double length;
  private final Node root;

  /** A stretch of time by its place: the index-th of 2^depth. */
  private record Node(double start, double end, long index, int depth) {
    double middle() {
      return rounded(0.5 * (end + start));
    }

    Node left() {
      return new Node(start, middle(), 2 * index, depth + 1);
    }

    Node right() {
      return new Node(middle(), end, 2 * index + 1, depth + 1);
    }
  }

  /**
   * @param seed of the path, unsigned
   * @param low where it begins
   * @param high where it ends, not below
   */
  public BrownianTree(long seed, double low, double high) {
    this.seeds = new SeedSequence(seed, POOL);
    this.length = high - low;
    this.root = new Node(rounded(low), rounded(high), 0, 0);
  }

  /**
   * W(to) - W(from), normal with variance to - from.
   *
   * @param from not above {@code to}
   * @param n how many paths
   * @return [n]; zeros where a millionth does not tell the two times apart
   */
  public float[] increment(double from, double to, int n) {
    double start = rounded(Math.clamp(from, root.start(), root.end()));
    double end = rounded(Math.clamp(to, root.start(), root.end()));
    if (start >= end) {
      return new float[n];
    }
    float[] whole = new TorchGenerator(seeds.firstWord()).normal(n);
    float deviation = (float) Math.sqrt(length);
    for (int i = 0; i < n; i++) {
      whole[i] *= deviation;
    }
    List<Node> split = new ArrayList<>();
    gather(root, start, end, split);
    List<float[]> draws = split.parallelStream().map(node -> draw(node, n)).toList();
    List<float[]> pieces = new ArrayList<>();
    collect(root, whole, start, end, draws.iterator(), pieces);
    float[] sum = pieces.getFirst().clone();
    for (float[] piece : pieces.subList(1, pieces.size())) {
      for (int i = 0; i < n; i++) {
        sum[i] += piece[i];
      }
    }
    return sum;
  }

  /** The nodes that a question splits: some forty, whose draws are all of the work. */
  private static void gather(Node node, double from, double to, List<Node> split) {
    if (from == node.start() && to == node.end()) {
      return;
    }
    split.add(node);
    double middle = node.middle();
    if (from < middle) {
      gather(node.left(), from, Math.min(to, middle), split);
    }
    if (to > middle) {
      gather(node.right(), Math.max(from, middle), to, split);
    }
  }

  private float[] draw(Node node, int n) {
    return new TorchGenerator(seeds.firstWord(node.index(), node.depth())).normal(n);
  }

  /**
   * The increments over the largest nodes that make up [from, to], from the left.
   *
   * @param whole the increment over all of the node
   * @param draws of the nodes that are split, in the order of {@link #gather}
   */
  private static void collect(
      Node node,
      float[] whole,
      double from,
      double to,
      Iterator<float[]> draws,
      List<float[]> pieces) {
    if (from == node.start() && to == node.end()) {
      pieces.add(whole);
      return;
    }
    double middle = node.middle();
    float[] left = ofLeft(node, whole, draws.next());
    if (from < middle) {
      collect(node.left(), left, from, Math.min(to, middle), draws, pieces);
    }
    if (to > middle) {
      float[] right = new float[whole.length];
      for (int i = 0; i < right.length; i++) {
        right[i] = whole[i] - left[i];
      }
      collect(node.right(), right, Math.max(from, middle), to, draws, pieces);
    }
  }

  /** The bridge: the left half's increment, given the whole's. */
  private static float[] ofLeft(Node node, float[] whole, float[] draw) {
    double before = node.middle() - node.start();
    double after = node.end() - node.middle();
    double inverse = 1 / (node.end() - node.start());
    float deviation = (float) Math.sqrt(before * after * inverse);
    float[] left = new float[whole.length];
    for (int i = 0; i < left.length; i++) {
      left[i] = (float) before * whole[i] * (float) inverse + deviation * draw[i];
    }
    return left;
  }

  /** Python's {@code round(time, 6)}. */
  private static double rounded(double time) {
    return new BigDecimal(time).setScale(DIGITS, RoundingMode.HALF_EVEN).doubleValue();
  }
}
