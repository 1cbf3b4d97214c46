package dev.darkroom.trainer.starter;

import dev.darkroom.trainer.data.Picture;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What colour a thing is, in the words people use: nobody who wants a banana asks for yellow. */
final class Colours {
  /** Half transparent pixels are the thing's edge. */
  private static final int OPAQUE = 128;

  /** Of the pixels, for a colour to be one of the thing's. */
  private static final double LEAST_SHARE = 0.22;

  /** One that leaves this little to the others is its only colour. */
  private static final double ALONE = 0.7;

  private Colours() {}

  /** The names of the one or two colours that most of the picture is of; the larger share first. */
  static List<String> of(Picture picture) {
    Map<String, Integer> counts = new TreeMap<>();
    int opaque = 0;
    byte[] rgba = picture.rgba();
    for (int at = 0; at < rgba.length; at += 4) {
      if (Byte.toUnsignedInt(rgba[at + 3]) >= OPAQUE) {
        opaque++;
        counts.merge(
            name(
                Byte.toUnsignedInt(rgba[at]) / 255.0,
                Byte.toUnsignedInt(rgba[at + 1]) / 255.0,
                Byte.toUnsignedInt(rgba[at + 2]) / 255.0),
            1,
            Integer::sum);
      }
    }
    double all = Math.max(1, opaque);
    List<Map.Entry<String, Integer>> largest =
        counts.entrySet().stream()
            .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()))
            .filter(entry -> entry.getValue() / all >= LEAST_SHARE)
            .limit(2)
            .toList();
    boolean one = !largest.isEmpty() && largest.getFirst().getValue() / all >= ALONE;
    return largest.stream().limit(one ? 1 : 2).map(Map.Entry::getKey).toList();
  }

  /** Each of red, green and blue from 0 to 1. */
  static String name(double red, double green, double blue) {
    double value = Math.max(red, Math.max(green, blue));
    double chroma = value - Math.min(red, Math.min(green, blue));
    double saturation = value == 0 ? 0 : chroma / value;
    if (value < 0.2) {
      return "black";
    }
    if (saturation < 0.22 && value > 0.8) {
      return "white";
    }
    if (saturation < 0.15 || chroma < 0.06) {
      return value < 0.32 ? "black" : "gray";
    }
    double hue = hue(red, green, blue, value, chroma);
    if (hue < 14 || hue >= 335) {
      return reddish(saturation, value);
    }
    if (hue < 33) {
      return value < 0.68 ? "brown" : "orange";
    }
    if (hue < 64) {
      return value < 0.55 ? "brown" : "yellow";
    }
    if (hue < 165) {
      return "green";
    }
    if (value < 0.4 && saturation < 0.6) {
      return "black";
    }
    if (hue < 248) {
      return "blue";
    }
    if (hue < 295) {
      return "purple";
    }
    return value > 0.6 ? "pink" : "purple";
  }

  private static String reddish(double saturation, double value) {
    if (saturation < 0.55 && value > 0.7) {
      return "pink";
    }
    return value < 0.45 || (saturation < 0.62 && value < 0.68) ? "brown" : "red";
  }

  /** In degrees from 0 (red) to 360. Smith 1978. */
  private static double hue(double red, double green, double blue, double value, double chroma) {
    if (value == red) {
      return ((green - blue) / chroma * 60 + 360) % 360;
    }
    return value == green ? (blue - red) / chroma * 60 + 120 : (red - green) / chroma * 60 + 240;
  }
}
