/**
 * Files: the object store with every byte checked, the one layout of its bucket, and models as
 * content-addressed blobs with a bounded cache on the local disk.
 */
@NullMarked
package dev.darkroom.jobs.objects;

import org.jspecify.annotations.NullMarked;
