package dev.darkroom.jobs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.darkroom.jobs",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule packagesPointOneWay =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("job")
          .definedBy("..jobs.job..")
          .layer("spec")
          .definedBy("..jobs.spec..")
          .layer("message")
          .definedBy("..jobs.message..")
          .layer("store")
          .definedBy("..jobs.store..")
          .layer("queue")
          .definedBy("..jobs.queue..")
          .layer("objects")
          .definedBy("..jobs.objects..")
          .layer("run")
          .definedBy("..jobs.run..")
          .layer("process")
          .definedBy("..jobs.process..")
          .whereLayer("job")
          .mayNotAccessAnyLayer()
          .whereLayer("spec")
          .mayOnlyAccessLayers("job")
          .whereLayer("message")
          .mayOnlyAccessLayers("job")
          .whereLayer("store")
          .mayOnlyAccessLayers("job", "spec")
          .whereLayer("queue")
          .mayOnlyAccessLayers("job", "message")
          .whereLayer("objects")
          .mayOnlyAccessLayers("job")
          .whereLayer("run")
          .mayOnlyBeAccessedByLayers("process")
          .whereLayer("process")
          .mayNotBeAccessedByAnyLayer();

  @ArchTest
  static final ArchRule onlyAProcessHasSettingsAndMeters =
      noClasses()
          .that()
          .resideOutsideOfPackage("..jobs.process..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.smallrye..", "io.micrometer..");

  @ArchTest
  static final ArchRule knowNoTensorsAndNoFramework =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.djl..", "io.quarkus..", "jakarta..", "dev.darkroom.diffusion..");

  @ArchTest
  static final ArchRule onlyTheStoreSpeaksSql =
      noClasses()
          .that()
          .resideOutsideOfPackage("..jobs.store..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "org.postgresql..");

  @ArchTest
  static final ArchRule onlyTheQueueSpeaksKafka =
      noClasses()
          .that()
          .resideOutsideOfPackage("..jobs.queue..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.kafka..");

  @ArchTest
  static final ArchRule onlyObjectsSpeaksS3 =
      noClasses()
          .that()
          .resideOutsideOfPackage("..jobs.objects..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.minio..", "okhttp3..");
}
