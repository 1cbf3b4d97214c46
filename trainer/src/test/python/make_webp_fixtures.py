"""Writes the WebP fixtures of PictureReaderTest, and what Pillow decodes them to (RGBA bytes)."""
import pathlib
from PIL import Image

out = pathlib.Path(__file__).parent.parent / "resources/dev/darkroom/trainer/data"
picture = Image.new("RGBA", (24, 16))
picture.putdata([(x * 10, y * 15, (x * y) % 256, min(255, x * 12)) for y in range(16) for x in range(24)])
for name, options in {
    "lossless-alpha": dict(lossless=True, exact=True),
    "lossy-alpha": dict(quality=90),
}.items():
    picture.save(out / f"{name}.webp", **options)
    (out / f"{name}.rgba").write_bytes(Image.open(out / f"{name}.webp").convert("RGBA").tobytes())
