package dev.darkroom.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.darkroom.gateway",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule gatewayNeverComputes =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.darkroom.diffusion..", "dev.darkroom.worker..", "ai.djl..");

  @ArchTest
  static final ArchRule logicKnowsNoContainer =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "dev.darkroom.gateway.wiring..",
              "dev.darkroom.gateway.rest..",
              "dev.darkroom.gateway.auth..",
              "dev.darkroom.gateway.problem..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.quarkus..", "jakarta..", "io.vertx..");

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("dev.darkroom.gateway.(*)..").should().beFreeOfCycles();
}
