package dev.darkroom.diffusion.random;

/**
 * NumPy's {@code SeedSequence}: a seed and a key, mixed into words that seed a generator, so that
 * each node of a tree has a stream of its own. O'Neill 2015, "Developing a seed_seq alternative".
 * Immutable.
 */
final class SeedSequence {
  private static final int MULTIPLIER_IN = 0x931e8875;
  private static final int MULTIPLIER_OUT = 0x58f38ded;
  private static final int LEFT = 0xca01f9dd;
  private static final int RIGHT = 0x4973f715;

  private final int[] pool;
  private final int hash; // after the pool was filled, where a key goes on

  /**
   * @param entropy the seed, unsigned
   * @param poolSize words that the seed is spread over
   */
  SeedSequence(long entropy, int poolSize) {
    pool = new int[poolSize];
    Mixer mixer = new Mixer(0x43b0d7e5);
    for (int i = 0; i < poolSize; i++) {
      int word = i == 0 ? (int) entropy : i == 1 ? (int) (entropy >>> 32) : 0;
      pool[i] = mixer.hash(word, MULTIPLIER_IN);
    }
    for (int from = 0; from < poolSize; from++) {
      for (int to = 0; to < poolSize; to++) {
        if (from != to) {
          pool[to] = mix(pool[to], mixer.hash(pool[from], MULTIPLIER_IN));
        }
      }
    }
    hash = mixer.constant;
  }

  /**
   * The first word of {@code SeedSequence(entropy, spawn_key=key, pool_size).generate_state(n)}.
   *
   * @param key unsigned numbers, each of one word or, where it is longer, two; none for the
   *     sequence's own
   */
  int firstWord(long... key) {
    int[] mixed = pool.clone();
    Mixer mixer = new Mixer(hash);
    for (long number : key) {
      mixInto(mixed, (int) number, mixer);
      if (number >>> 32 != 0) {
        mixInto(mixed, (int) (number >>> 32), mixer);
      }
    }
    return new Mixer(0x8b51f9dd).hash(mixed[0], MULTIPLIER_OUT);
  }

  private static void mixInto(int[] mixed, int word, Mixer mixer) {
    for (int to = 0; to < mixed.length; to++) {
      mixed[to] = mix(mixed[to], mixer.hash(word, MULTIPLIER_IN));
    }
  }

  private static int mix(int x, int y) {
    int mixed = LEFT * x - RIGHT * y;
    return mixed ^ (mixed >>> 16);
  }

  /** A hash whose constant changes at each word. */
  private static final class Mixer {
    private int constant;

    Mixer(int constant) {
      this.constant = constant;
    }

    int hash(int word, int multiplier) {
      int hashed = word ^ constant;
      constant *= multiplier;
      hashed *= constant;
      return hashed ^ (hashed >>> 16);
    }
  }
}
