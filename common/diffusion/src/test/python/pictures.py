"""Writes picture files of the kinds that the JDK's decoders alone get wrong, and what a viewer shows of them.

../resources/pictures: turned.TAG.{png,webp,jpg} with that EXIF orientation, upright.TAG.png (Pillow's exif_transpose of the PNG);
print.jpg (CMYK), half.jpg (cut in the middle), moving.webp (two frames).

Run: python pictures.py    (Pillow 13)
"""

import pathlib

import numpy
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parent.parent / "resources" / "pictures"

if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    generator = numpy.random.default_rng(40)
    coarse = generator.integers(0, 256, (2, 3, 3), dtype=numpy.uint8)
    picture = Image.fromarray(coarse).resize((24, 16), Image.Resampling.NEAREST)
    for tag in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = tag
        picture.save(OUT / f"turned.{tag}.png", exif=exif)
        picture.save(OUT / f"turned.{tag}.webp", exif=exif, lossless=True)
        picture.save(OUT / f"turned.{tag}.jpg", exif=exif, quality=95, subsampling=0)
        ImageOps.exif_transpose(Image.open(OUT / f"turned.{tag}.png")).save(OUT / f"upright.{tag}.png", exif=b"")
    picture.convert("CMYK").save(OUT / "print.jpg", quality=95)
    whole = (OUT / "turned.1.jpg").read_bytes()
    (OUT / "half.jpg").write_bytes(whole[: len(whole) - 30])
    picture.save(OUT / "moving.webp", save_all=True, append_images=[picture.rotate(180)], lossless=True)
