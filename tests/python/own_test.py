"""Codecs and models that are written in Python: they are models like any others."""

import bz2
import multiprocessing
import threading
import unittest
import zlib

import numpy

import kraft
from support import TEXT, book


class Zlib(kraft.Codec):
    def encode(self, message):
        return zlib.compress(message, 9)

    def decode(self, stream):
        return zlib.decompress(stream)


class Frequencies(kraft.Model):
    """A byte is as probable as it was frequent."""

    def next(self, context):
        counts = 1 + numpy.bincount(numpy.frombuffer(context, numpy.uint8), minlength=256)
        return -numpy.log2(counts)


class LearnsFrequencies(kraft.Model):
    """The same, from counts that grow."""

    class Counts:
        def __init__(self):
            self.counts = numpy.ones(256)

        def observe(self, data):
            self.counts += numpy.bincount(numpy.frombuffer(data, numpy.uint8), minlength=256)

        def next(self):
            return -numpy.log2(self.counts)

    def begin(self):
        return self.Counts()


kraft.register("py-zlib", Zlib(), "zlib of Python")
kraft.register("py-bz2", bz2.compress)
kraft.register("py-frequencies", Frequencies())
kraft.register("py-learns", LearnsFrequencies())


class CodecTest(unittest.TestCase):
    def test_it_is_zlib_in_whole_bytes(self):
        text = book(5000)
        row = kraft.score("py-zlib", text, positions=0)[0]
        self.assertEqual(row["compressed_bytes"], len(zlib.compress(text, 9)))
        self.assertEqual(row["model"], "py-zlib")
        theirs = kraft.score("zlib:9", text, positions=0)[0]
        self.assertEqual(row["compressed_bytes"], theirs["compressed_bytes"])

    def test_its_increments_are_those_of_zlib_in_whole_bytes(self):
        endings = [b"", b"shells", b"xyz", b"\0" * 50]
        bits = kraft.model("py-zlib").start(TEXT).measure(endings)
        length = len(zlib.compress(TEXT, 9))
        self.assertEqual(bits.tolist(), [8 * (len(zlib.compress(TEXT + e, 9)) - length) for e in endings])

    def test_it_is_a_codec_by_its_name(self):
        codec = kraft.codec("py-zlib")
        self.assertEqual(codec.decode(codec.encode(TEXT)), TEXT)
        self.assertEqual(codec.code_length(TEXT), 8 * len(zlib.compress(TEXT, 9)))
        self.assertEqual(Zlib().code_length(TEXT), 8 * len(zlib.compress(TEXT, 9)))

    def test_a_function_that_compresses_is_a_codec_without_decode(self):
        row = kraft.score("py-bz2", TEXT, positions=0)[0]
        self.assertEqual(row["compressed_bytes"], len(bz2.compress(TEXT)))
        with self.assertRaisesRegex(kraft.UsageError, r"no decode\(\)"):
            kraft.codec("py-bz2").decode(b"")

    def test_bits_within_a_byte(self):
        class ToTheBit(Zlib):
            granularity = "bit"

            def code_length(self, message):
                return len(message) * 3 + 1

        kraft.register("py-three-bits", ToTheBit())
        self.assertEqual(kraft.model("py-three-bits").granularity, "bit")
        self.assertEqual(kraft.model("py-three-bits").start(b"abc").measure([b"", b"de"]).tolist(), [0, 6])

    def test_its_names_are_its_own(self):
        for name in ("gzip", "py-zlib", "two words"):
            with self.assertRaises(kraft.UsageError):
                kraft.register(name, Zlib())
        with self.assertRaisesRegex(kraft.UsageError, "not int"):
            kraft.register("py-number", 5)


class TaskTest(unittest.TestCase):
    """Every task, by a codec and a model of Python's, alone and in lists."""

    models = ["py-zlib", "py-frequencies", "product:py-zlib^0.5,py-learns"]

    def test_sample(self):
        for model in self.models:
            drawn = kraft.sample(model, prime=TEXT, length=5, sampler="ancestral")
            self.assertEqual(len(drawn), 5)
            self.assertEqual(drawn, kraft.sample(model, prime=TEXT, length=5, sampler="ancestral", threads=1))

    def test_a_hole_is_filled(self):
        drawn = kraft.sample("py-frequencies", "she s___s sea shells", hole="___", length=2, sampler="smc",
                             particles=4, span=2)
        self.assertEqual(len(drawn), 2)

    def test_a_model_without_a_name_draws(self):
        named = kraft.sample("py-frequencies", TEXT, length=10, sampler="ancestral")
        nameless = kraft.sample(Frequencies(), TEXT, length=10, sampler="ancestral")
        self.assertEqual(nameless, named)
        self.assertEqual(nameless.report["model"], "Frequencies")
        several = kraft.sample(["gzip", Frequencies()], TEXT, length=3, sampler="ancestral")
        self.assertEqual([s.report["model"] for s in several], ["gzip:6", "Frequencies"])

    def test_elsewhere_it_needs_one(self):
        with self.assertRaisesRegex(kraft.UsageError, "kraft.register"):
            kraft.score(Frequencies(), TEXT)
        model = Frequencies()
        kraft.register("py-now-named", model)
        self.assertEqual(kraft.score(model, TEXT, positions=0)[0]["model"], "py-now-named")

    def test_pictures_and_recordings(self):
        picture = numpy.tile(numpy.arange(8, dtype=numpy.uint8), (6, 1))
        for model in self.models:
            self.assertEqual(kraft.complete_image(picture, model, rows=1).shape, (6, 8))
            self.assertEqual(kraft.complete_audio(picture[0], model, rate=100, samples=3).shape, (11,))

    def test_next_byte(self):
        for model in self.models:
            said = kraft.next_byte(model, TEXT)
            self.assertEqual(said["bits"], kraft.model(model).start(TEXT).next().tolist())

    def test_score_and_classify(self):
        for model in self.models:
            row = kraft.score(model, TEXT, positions=2)[0]
            self.assertGreater(row["bits"], 0)
            self.assertGreater(row["prequential_bits_per_byte"], 0)
            verdict = kraft.classify(model, {"letters": b"abcabcabcab" * 9, "digits": b"0123456789" * 9}, b"0123456789" * 3)
            self.assertEqual(verdict[0]["winner"], "digits")

    def test_compare(self):
        records = kraft.compare(self.models, TEXT, judge="ngram:2", windows=1, context=100, length=2, positions=1)
        rates = {r["model"] for r in records if r["figure"] == "bits_per_byte"}
        self.assertLessEqual(set(self.models), rates)

    def test_compress(self):
        for model in self.models:
            packed = kraft.compress(TEXT[:12], model)
            self.assertEqual(kraft.decompress(packed), TEXT[:12])
            self.assertEqual(kraft.inspect(packed)["model"], model)


class ModelTest(unittest.TestCase):
    def test_costs_are_normalised(self):
        bits = Frequencies().start(b"aab").next()
        self.assertAlmostEqual(float((2.0**-bits).sum()), 1)
        self.assertAlmostEqual(float(bits[ord("a")]), -numpy.log2(3 / 259))

    def test_both_ways_are_the_same_model(self):
        one, other = Frequencies().start(TEXT), LearnsFrequencies().start(TEXT)
        strings = [b"", b"she", b"shells", b"she sells", b"shells", b"x" * 300]
        numpy.testing.assert_allclose(one.measure(strings), other.measure(strings), rtol=1e-12)
        numpy.testing.assert_allclose(one.context_bits(), other.context_bits(), rtol=1e-12)

    def test_strings_cost_the_sum_of_their_bytes(self):
        state = LearnsFrequencies().start(TEXT)
        walked, total = state.clone(), 0.0
        for byte in b"shells":
            total += walked.next()[byte]
            walked.observe(bytes([byte]))
        self.assertAlmostEqual(float(state.measure([b"shells"])[0]), float(total))
        self.assertAlmostEqual(state.context_bits(), float(LearnsFrequencies().start().measure([TEXT])[0]))

    def test_marks(self):
        for model in (Frequencies(), LearnsFrequencies()):
            state = model.start(TEXT)
            before = state.next().tolist()
            mark = state.mark()
            for _ in range(2):
                state.observe(b"zzz")
                self.assertNotEqual(state.next().tolist(), before)
                state.rewind(mark)
                self.assertEqual(state.next().tolist(), before)

    def test_what_it_raises_comes_back(self):
        class Broken(kraft.Model):
            def next(self, context):
                raise LookupError("nothing found")

        kraft.register("py-broken", Broken())
        with self.assertRaisesRegex(LookupError, "nothing found"):
            Broken().start().next()
        for task in (
            lambda: kraft.sample("py-broken", TEXT, length=3, sampler="ancestral"),
            lambda: kraft.score("mix:py-broken,gzip", TEXT),
            lambda: kraft.compare("py-broken", TEXT, judge="ngram", windows=1, context=50, length=2),
            lambda: kraft.compress(TEXT, "py-broken"),
        ):
            with self.assertRaisesRegex(LookupError, "nothing found"):
                task()

    def test_wrong_answers_are_errors(self):
        class Answers(kraft.Model):
            def next(self, context):
                return self.answer

        model = Answers()
        for answer, error, words in (
            ([1.0, 2.0], kraft.UsageError, "256 costs in bits, not 2"),
            ([float("nan")] * 256, kraft.Error, "not a number of bits"),
            ([float("inf")] * 256, kraft.Error, "no byte possible"),
            ("abc", Exception, ""),
        ):
            model.answer = answer
            with self.assertRaisesRegex(error, words):
                model.start().next()
        with self.assertRaisesRegex(kraft.UsageError, "neither"):
            kraft.Model().start()

    def test_many_threads_draw_from_one(self):
        expected = kraft.sample("py-learns", TEXT, length=8, sampler="ancestral")
        drawn = []
        threads = [
            threading.Thread(
                target=lambda: drawn.append(kraft.sample("py-learns", TEXT, length=8, sampler="ancestral")))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(drawn, [expected] * 6)

    def test_a_process_that_python_forks_has_them(self):
        with multiprocessing.get_context("fork").Pool(1) as pool:
            there = pool.apply(kraft.score, ("py-zlib", TEXT), {"positions": 0})
        self.assertEqual(there, kraft.score("py-zlib", TEXT, positions=0))


if __name__ == "__main__":
    unittest.main()
