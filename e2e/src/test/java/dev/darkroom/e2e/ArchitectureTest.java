package dev.darkroom.e2e;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.core.domain.properties.HasParameterTypes.Predicates.rawParameterTypes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Which module may know which, and that no two packages know each other. */
@AnalyzeClasses(packages = "dev.darkroom", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String JOBS = "dev.darkroom.jobs..";
  private static final String DIFFUSION = "dev.darkroom.diffusion..";
  private static final String GATEWAY = "dev.darkroom.gateway..";
  private static final String WORKER = "dev.darkroom.worker..";
  private static final String TRAINER = "dev.darkroom.trainer..";
  private static final String LOCAL = "dev.darkroom.local..";

  @ArchTest
  static final ArchRule gatewayKnowsJobsOnly = no(GATEWAY, DIFFUSION, WORKER, TRAINER, LOCAL);

  @ArchTest static final ArchRule workerKnowsCommonOnly = no(WORKER, GATEWAY, TRAINER, LOCAL);

  @ArchTest static final ArchRule trainerKnowsCommonOnly = no(TRAINER, GATEWAY, WORKER, LOCAL);

  @ArchTest
  static final ArchRule jobsKnowsNoModel = no(JOBS, DIFFUSION, GATEWAY, WORKER, TRAINER, LOCAL);

  @ArchTest
  static final ArchRule diffusionKnowsNoJob = no(DIFFUSION, JOBS, GATEWAY, WORKER, TRAINER, LOCAL);

  @ArchTest
  static final ArchRule localKnowsNoService = no(LOCAL, JOBS, DIFFUSION, GATEWAY, WORKER, TRAINER);

  @ArchTest
  static final ArchRule packagesFormNoCycle =
      slices().matching("dev.darkroom.(*).(*)..").should().beFreeOfCycles();

  /**
   * DJL keeps such a number in Java's memory, which the garbage collector may take before the
   * backward pass reads it: see {@code Scope}. A sample grid records nothing.
   */
  @ArchTest
  static final ArchRule lossesTakeNoNumbersFromJava =
      noClasses()
          .that()
          .resideInAPackage(TRAINER)
          .and()
          .doNotHaveSimpleName("SampleGrid")
          .should()
          .callMethodWhere(
              target(owner(name("ai.djl.ndarray.NDArray")))
                  .and(target(rawParameterTypes(Number.class))));

  private static ArchRule no(String from, String... to) {
    return noClasses()
        .that()
        .resideInAPackage(from)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(to);
  }
}
