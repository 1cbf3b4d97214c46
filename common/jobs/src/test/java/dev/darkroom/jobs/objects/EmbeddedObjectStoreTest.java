package dev.darkroom.jobs.objects;

/** The store that {@code ./darkroom up} brings along. */
class EmbeddedObjectStoreTest extends ObjectStoreConformance {
  @Override
  ObjectStoreConfig config() {
    return TestObjects.config();
  }
}
