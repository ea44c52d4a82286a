"""Pictures and recordings: arrays in, arrays of the same kind out, as the command line draws them."""

import unittest

import numpy

import kraft
from support import DATA, CommandTest


def gradient(*shape, dtype=numpy.uint8):
    return (numpy.arange(numpy.prod(shape)).reshape(shape) * 3).astype(dtype)


class ImageTest(CommandTest):
    def test_the_same_picture_as_the_command_line(self):
        photograph = kraft.read_image(DATA / "astronaut.png", gray=True, scale=(24, 20))
        path = self.file("photograph.png", kraft.write_image(photograph))
        mask = numpy.zeros((20, 24), bool)
        mask[5:9, 3:12] = True
        mask_path = self.file("mask.png", kraft.write_image(mask.astype(numpy.uint8) * 255))
        for flags, options in (
            (("--rows", 3), {"rows": 3}),
            (("--right-from", 20, "--rows-context", "above"), {"right_from": 20, "rows_context": "above"}),
            (("--box", "2,3,4,5", "--temperature", 0.5), {"box": (2, 3, 4, 5), "temperature": 0.5}),
            (("--mask", mask_path), {"mask": mask}),
            (("--mask", mask_path), {"mask": mask_path}),
        ):
            for model in ("png", "ngram:2", "filtered:gzip,filter=average"):
                self.kraft("sample", "--model", model, path, *flags, "--seed", 5, "--quiet", "--force", "-o", "out.png")
                expected = kraft.read_image(self.folder / "out.png")
                completed = kraft.complete_image(photograph, model, seed=5, **options)
                numpy.testing.assert_array_equal(completed, expected)
                said = self.kraft_json("sample", "--model", model, path, *flags, "--seed", 5)
                for report in (said, completed.report):
                    del report["seconds"]
                self.assertEqual(completed.report, said)

    def test_every_shape_and_type_stays_what_it_is(self):
        for shape in ((6, 7), (6, 7, 1), (6, 7, 2), (6, 7, 3), (6, 7, 4)):
            for dtype in ("uint8", "uint16", ">u2"):
                picture = gradient(*shape, dtype=dtype)
                completed = kraft.complete_image(picture, "ngram:2", rows=2)
                self.assertEqual((completed.shape, completed.dtype), (shape, picture.dtype))
                numpy.testing.assert_array_equal(completed[:4], picture[:4])
                self.assertEqual(completed.report["drawn_bytes"], picture[4:].nbytes)

    def test_what_is_not_contiguous_is_seen_as_it_is(self):
        picture = gradient(12, 14)
        numpy.testing.assert_array_equal(
            kraft.complete_image(picture[::2, ::2], "ngram:2", rows=2),
            kraft.complete_image(picture[::2, ::2].copy(), "ngram:2", rows=2))

    def test_several_come_as_a_list(self):
        completed = kraft.complete_image(gradient(5, 6), ["ngram:2", "png"], rows=1, count=2)
        self.assertEqual([(c.report["model"], c.report["index"]) for c in completed],
                         [("ngram:2", 0), ("ngram:2", 1), ("png:6,width=6,channels=1,depth=8", 0),
                          ("png:6,width=6,channels=1,depth=8", 1)])

    def test_it_is_an_array_with_a_report(self):
        completed = kraft.complete_image(gradient(5, 6), "ngram:2", rows=1)
        self.assertIsInstance(completed, numpy.ndarray)
        self.assertEqual((completed + 0).report["model"], "ngram:2")

    def test_errors(self):
        picture = gradient(5, 6)
        for words, array, options in (
            ("what to draw is missing: rows, right_from, box or mask", picture, {}),
            ("rows 9 is out of range: the image has 5 rows", picture, {"rows": 9}),
            ("rows and a mask cannot be given together", picture, {"rows": 1, "mask": picture}),
            ("mask is of shape (2, 2), but the picture of (5, 6)", picture, {"mask": numpy.ones((2, 2))}),
            ("a picture is an array of uint8 or uint16, not float64", picture / 2, {"rows": 1}),
            ("a picture has 1 to 4 channels, not 5", gradient(2, 2, 5), {"rows": 1}),
            ("a picture is an array of shape (height, width) or (height, width, channels), not of 1 dimensions",
             picture[0], {"rows": 1}),
            ("the picture has no pixels", picture[:0], {"rows": 1}),
            ("box is X,Y,W,H in pixels, not '1,2'", picture, {"box": (1, 2)}),
        ):
            with self.assertRaises(kraft.UsageError) as caught:
                kraft.complete_image(array, "ngram:2", **options)
            self.assertEqual(str(caught.exception), words)

    def test_files_there_and_back(self):
        for picture in (gradient(5, 6), gradient(5, 6, 3), gradient(5, 6, dtype="uint16"), gradient(5, 6, 4)):
            numpy.testing.assert_array_equal(kraft.read_image(kraft.write_image(picture)), picture)

    def test_reading_takes_options_of_pictures(self):
        png = kraft.write_image(gradient(6, 8, 3))
        self.assertEqual(kraft.read_image(png, crop=(1, 2, 3, 4)).shape, (4, 3, 3))
        self.assertEqual(kraft.read_image(png, crop="1,2,3,4", gray=True).shape, (4, 3))
        for words, options in (("rate has no meaning for image", {"rate": 8000}), ("crop is X,Y,W,H", {"crop": (1,)}),
                               ("as_ has no meaning", {"as_": "image"})):
            with self.assertRaisesRegex(kraft.UsageError, words):
                kraft.read_image(png, **options)
        with self.assertRaises(kraft.Error):
            kraft.read_image(b"no picture")

    def test_a_picture_is_scored_by_its_pixels(self):
        picture = kraft.read_image(DATA / "astronaut.png", gray=True, scale=(16, 16))
        row = kraft.score("png", {"a": picture}, positions=0)[0]
        self.assertEqual(row["bytes"], 256)
        self.assertIn("width=16", row["model"])


class AudioTest(CommandTest):
    def test_the_same_recording_as_the_command_line(self):
        speech, rate = kraft.read_audio(DATA / "speech.wav", encoding="u8")
        speech = speech[: rate // 8]
        path = self.file("speech.wav", kraft.write_audio(speech, rate))
        for flags, options in (
            (("--samples", 40), {"samples": 40}),
            (("--seconds", 0.002, "--context-seconds", 0.05), {"seconds": 0.002, "context_seconds": 0.05}),
            (("--gap", "0.01,0.001"), {"gap": (0.01, 0.001)}),
        ):
            for model in ("gzip", "ngram:2"):
                self.kraft("sample", "--model", model, path, *flags, "--quiet", "--force", "-o", "out.wav")
                expected, _ = kraft.read_audio(self.folder / "out.wav")
                numpy.testing.assert_array_equal(kraft.complete_audio(speech, model, rate=rate, **options), expected)

    def test_every_type_stays_what_it_is(self):
        for dtype in ("uint8", "int16", ">i2", "float32", "float64"):
            for shape in ((40,), (20, 2)):
                sound = gradient(*shape).astype(dtype) / (512 if "f" in dtype else 1)
                sound = sound.astype(dtype)
                more = kraft.complete_audio(sound, "ngram:2", rate=8000, samples=3)
                self.assertEqual((more.dtype, more.shape), (sound.dtype, (shape[0] + 3, *shape[1:])))
                numpy.testing.assert_array_equal(more[:-3], sound)

    def test_floats_keep_what_is_finer_than_16_bits(self):
        sound = numpy.sin(numpy.arange(60) / 5) / 3
        filled = kraft.complete_audio(sound, "ngram:2", rate=1000, gap=(0.02, 0.005))
        numpy.testing.assert_array_equal(filled[:20], sound[:20])
        numpy.testing.assert_array_equal(filled[25:], sound[25:])

    def test_floats_are_seen_as_the_files_are(self):
        sound = numpy.array([0, 0.25, -0.25, 1, -1, 0.99999, 1e-6, 2, -2], numpy.float32)
        wave = b"RIFF" + (36 + sound.nbytes).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
        wave += (3).to_bytes(2, "little") + (1).to_bytes(2, "little") + (8000).to_bytes(4, "little")
        wave += (32000).to_bytes(4, "little") + (4).to_bytes(2, "little") + (32).to_bytes(2, "little")
        wave += b"data" + sound.nbytes.to_bytes(4, "little") + sound.tobytes()
        seen, rate = kraft.read_audio(wave)
        self.assertEqual(rate, 8000)
        own, _ = kraft.read_audio(kraft.write_audio(sound, 8000))
        numpy.testing.assert_array_equal(own, seen)

    def test_mu_law(self):
        sound = gradient(50)
        more = kraft.complete_audio(sound, "ngram:2", rate=8000, encoding="mulaw", samples=2)
        self.assertEqual(more.dtype, numpy.uint8)

    def test_errors(self):
        sound = gradient(50)
        for words, array, options in (
            ("how much to draw is missing: seconds, samples or gap", sound, {}),
            ("context_seconds 3 is out of range: the recording lasts 0.05 s", sound,
             {"context_seconds": 3, "samples": 1}),
            ("a recording is an array of uint8, int16, float32 or float64, not int32", sound.astype("int32"),
             {"samples": 1}),
            ("a recording is an array of uint8, int16, float32 or float64, not uint8 for s16", sound,
             {"samples": 1, "encoding": "s16"}),
            ("the recording has values that are not finite", sound * numpy.nan, {"samples": 1}),
            ("gap is START,S in seconds, not '1'", sound, {"gap": (1,)}),
            ("rate is a whole number", sound, {"rate": 8000.5}),
            ("rate 0 is out of range: 1..4294967295", sound, {"rate": 0}),
            ("encoding 'u9' is none of u8|mulaw|s16", sound, {"encoding": "u9"}),
        ):
            with self.assertRaises(kraft.UsageError) as caught:
                kraft.complete_audio(array, "ngram:2", **{"rate": 1000, **options})
            self.assertEqual(str(caught.exception), words)
        with self.assertRaisesRegex(kraft.UsageError, "format 'mp3' is none of wav|flac"):
            kraft.write_audio(sound, 8000, format="mp3")


if __name__ == "__main__":
    unittest.main()
