package dev.darkroom.worker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.darkroom.worker",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule theEngineKnowsNoTensorsAndNoServices =
      noClasses()
          .that()
          .resideInAPackage("dev.darkroom.worker.engine")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "ai.djl..",
              "dev.darkroom.diffusion..",
              "dev.darkroom.jobs..",
              "io.quarkus..",
              "org.apache.kafka..",
              "java.sql..",
              "dev.darkroom.worker.model..",
              "dev.darkroom.worker.service..",
              "dev.darkroom.worker.wiring..");

  @ArchTest
  static final ArchRule onlyTheWiringKnowsTheContainer =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.darkroom.worker.wiring")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.quarkus..", "jakarta..", "io.smallrye..", "org.eclipse.microprofile..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("dev.darkroom.worker.(*)..").should().beFreeOfCycles();
}
