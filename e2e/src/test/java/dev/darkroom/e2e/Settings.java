package dev.darkroom.e2e;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.lang.reflect.Method;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * The environment variables that a service reads, taken from its {@code @ConfigMapping} interface.
 *
 * @param names all of them
 * @param required those with neither a default nor a meaning when absent
 */
record Settings(Set<String> names, Set<String> required) {

  static Settings of(String service) {
    Set<String> names = new TreeSet<>();
    Set<String> required = new TreeSet<>();
    for (JavaClass type : new ClassFileImporter().importPackages("dev.darkroom." + service)) {
      if (type.isAnnotatedWith(ConfigMapping.class)) {
        String prefix = type.getAnnotationOfType(ConfigMapping.class).prefix();
        collect(type.reflect(), environmentName(prefix), names, required);
      }
    }
    if (names.isEmpty()) {
      throw new IllegalStateException("no @ConfigMapping below dev.darkroom." + service);
    }
    return new Settings(names, required);
  }

  /**
   * Groups of settings are interfaces of our own; they add their name to the prefix. What several
   * services share is inherited.
   */
  private static void collect(
      Class<?> group, String prefix, Set<String> names, Set<String> required) {
    for (Method setting : group.getMethods()) {
      String name = prefix + "_" + environmentName(name(setting));
      Class<?> type = setting.getReturnType();
      if (type.isInterface() && type.getName().startsWith("dev.darkroom.")) {
        collect(type, name, names, required);
      } else {
        names.add(name);
        if (!setting.isAnnotationPresent(WithDefault.class)
            && !type.getName().startsWith("java.util.Optional")) {
          required.add(name);
        }
      }
    }
  }

  private static String name(Method setting) {
    WithName other = setting.getAnnotation(WithName.class);
    return other == null ? setting.getName() : other.value();
  }

  /** {@code accessKey} and {@code access.key} to {@code ACCESS_KEY}. */
  private static String environmentName(String setting) {
    return setting.replaceAll("([A-Z])", "_$1").replace('.', '_').toUpperCase(Locale.ROOT);
  }
}
