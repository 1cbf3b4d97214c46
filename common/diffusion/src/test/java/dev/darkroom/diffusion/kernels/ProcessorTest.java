package dev.darkroom.diffusion.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ProcessorTest {
  @Test
  void readsTheFlagsThatLinuxLists() {
    Processor processor =
        Processor.parse(
            List.of(
                "processor\t: 0",
                "flags\t\t: fpu avx512bw avx512vl avx512dq avx512_vnni",
                "processor\t: 1",
                "flags\t\t: fpu"));
    assertEquals(
        Set.of("fpu", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni"), processor.features());
    assertTrue(processor.computesInt8());
    assertTrue(processor.computesBfloat16());
    assertFalse(processor.multipliesBfloat16());
  }

  @Test
  void claimsNothingWhereNothingIsTold() {
    Processor processor = Processor.parse(List.of("Processor: ARMv8"));
    assertFalse(processor.computesInt8());
    assertFalse(processor.computesBfloat16());
  }
}
