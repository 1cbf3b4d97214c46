package dev.darkroom.diffusion;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.darkroom.diffusion", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule knowsNoService =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.quarkus..",
              "jakarta..",
              "org.apache.kafka..",
              "java.sql..",
              "org.postgresql..",
              "io.minio..",
              "dev.darkroom.jobs..")
          .because("a model must run, train and be tested in one plain process");

  @ArchTest
  static final ArchRule modelsStandBesideEachOther =
      noClasses()
          .that()
          .resideInAnyPackage("..diffusion.nn..", "..diffusion.kernels..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..diffusion.unet..", "..diffusion.autoencoder..", "..diffusion.text..")
          .because("blocks do not know the models made of them");

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("dev.darkroom.diffusion.(*)..").should().beFreeOfCycles();
}
