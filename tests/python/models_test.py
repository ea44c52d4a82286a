"""Models and states: the same numbers as the library's, and marks, clones and threads."""

import copy
import threading
import unittest
import zlib

import numpy

import kraft
from support import TEXT, CommandTest, book


class ModelTest(unittest.TestCase):
    def test_a_model_says_what_it_is(self):
        model = kraft.model("gzip")
        self.assertEqual(model.spec, "gzip:6")
        self.assertEqual(model.granularity, "bit")
        self.assertEqual(model.window_bytes, 32768)
        self.assertEqual(model.parameters, 0)
        self.assertEqual(model.units, ())
        self.assertEqual(repr(model), "kraft.model('gzip:6')")
        self.assertIsNone(kraft.model("ngram:3").window_bytes)
        self.assertEqual(kraft.check_spec("mix:gz,ngram"), "mix:gzip:6,ngram:5")

    def test_a_language_model_has_units(self):
        units = kraft.model("llama#1:text").units
        self.assertIsInstance(units[0], bytes)
        self.assertGreaterEqual(len(units), 256)

    def test_errors_have_the_librarys_words(self):
        for spec, words in {
            "gzip:12": "gzip: level 12 is out of range: 0..9",
            "gizp": "unknown model 'gizp' (did you mean gzip or gz?); `kraft models` lists them",
        }.items():
            with self.assertRaises(kraft.UsageError) as caught:
                kraft.model(spec)
            self.assertIsInstance(caught.exception, ValueError)
            self.assertIsInstance(caught.exception, kraft.Error)
            self.assertTrue(words.startswith(str(caught.exception).split(";")[0]), caught.exception)

    def test_what_is_no_text_is_no_specification(self):
        for function in (kraft.model, kraft.codec, kraft.check_spec):
            with self.assertRaisesRegex(kraft.UsageError, "spec is a text, not int"):
                function(5)

    def test_a_missing_file_is_an_error_but_no_usage_error(self):
        with self.assertRaises(kraft.Error) as caught:
            kraft.model("llama:/nowhere/model.gguf")
        self.assertNotIsInstance(caught.exception, kraft.UsageError)

    def test_models_lists_all(self):
        names = [model["name"] for model in kraft.models()]
        self.assertIn("gzip", names)
        self.assertEqual([model["name"] for model in kraft.models("zstd")], ["zstd"])


class CodecTest(unittest.TestCase):
    def test_there_and_back(self):
        codec = kraft.codec("zlib:9")
        self.assertEqual(codec.decode(codec.encode(TEXT)), TEXT)
        self.assertEqual(zlib.decompress(codec.encode(TEXT)), TEXT)
        self.assertLessEqual(codec.code_length(TEXT), 8 * len(codec.encode(TEXT)))
        self.assertEqual(codec.granularity, "bit")

    def test_a_damaged_stream_is_an_error(self):
        with self.assertRaises(kraft.Error):
            kraft.codec("gzip").decode(b"no stream")

    def test_a_predictor_is_none(self):
        with self.assertRaises(kraft.UsageError):
            kraft.codec("ngram:3")


class StateTest(CommandTest):
    def test_next_is_what_the_command_line_says(self):
        context = book(3000)
        path = self.file("context", context)
        for spec in ("gzip:9", "gzip:9,view=decoder", "ppmd:4", "zstd:3", "cm", "uniform"):
            with self.subTest(spec):
                bits = kraft.model(spec).start(context).next()
                self.assertEqual((bits.dtype, bits.shape), (numpy.float64, (256,)))
                said = self.kraft_json("next", "--model", spec, "--prime", path)
                self.assertEqual(bits.tolist(), said["bits"])
                self.assertEqual(kraft.probabilities(bits).tolist(), said["probability"])

    def test_what_is_observed_in_pieces_is_observed(self):
        whole = kraft.model("gzip").start(TEXT)
        pieces = kraft.model("gzip").start()
        pieces.observe(bytearray(TEXT[:100]))
        pieces.observe(memoryview(TEXT)[100:200])
        pieces.observe(numpy.frombuffer(TEXT[200:300], numpy.uint8))
        pieces.observe(TEXT[300:].decode())
        self.assertEqual(pieces.position_bytes, len(TEXT))
        self.assertEqual(pieces.context_bits(), whole.context_bits())
        self.assertEqual(pieces.next().tolist(), whole.next().tolist())

    def test_measure_is_the_difference_of_code_lengths(self):
        codec = kraft.codec("gzip:9")
        endings = [b"", b"shells", bytearray(b"sh"), b"\0\1\2"]
        bits = kraft.model("gzip:9").start(TEXT).measure(endings)
        expected = [codec.code_length(TEXT + e) - codec.code_length(TEXT) for e in endings]
        self.assertEqual(bits.tolist(), expected)

    def test_marks_nest(self):
        state = kraft.model("ppmd").start(TEXT)
        before = state.next().tolist()
        outer = state.mark()
        state.observe(b"she sells ")
        between = state.next().tolist()
        inner = state.mark()
        state.observe(b"sea")
        state.rewind(inner)
        self.assertEqual(state.next().tolist(), between)
        state.rewind(outer)
        self.assertEqual(state.next().tolist(), before)
        with self.assertRaisesRegex(kraft.Error, "dropped"):
            state.rewind(inner)
        state.rewind(outer)
        state.forget(outer)
        with self.assertRaisesRegex(kraft.Error, "dropped"):
            state.rewind(outer)

    def test_a_mark_belongs_to_its_state(self):
        model = kraft.model("ppmd")
        first, second = model.start(TEXT), model.start(TEXT)
        mark = first.mark()
        second.mark()
        with self.assertRaisesRegex(kraft.UsageError, "another state"):
            second.rewind(mark)

    def test_clones_are_independent(self):
        state = kraft.model("cm").start(TEXT)
        for other in (state.clone(), copy.copy(state)):
            other.observe(b"zzzz")
            self.assertNotEqual(other.next().tolist(), state.next().tolist())
            self.assertEqual(state.position_bytes, len(TEXT))

    def test_a_state_outlives_its_model(self):
        state = kraft.model("zstd:19").start(TEXT)
        self.assertEqual(state.next().shape, (256,))

    def test_threads_take_turns_at_one_state_and_share_a_model(self):
        model = kraft.model("gzip:9")
        shared = model.start(TEXT)
        expected = shared.next().tolist()
        wrong = []

        def work():
            own = model.start(TEXT)
            for _ in range(20):
                mark = own.mark()
                own.observe(b"abc")
                own.rewind(mark)
                own.forget(mark)
                if own.next().tolist() != expected or shared.next().tolist() != expected:
                    wrong.append(1)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_what_is_no_bytes_is_a_usage_error(self):
        state = kraft.model("gzip").start()
        for data, words in (
            (5, "data is bytes or a text, not int"),
            (None, "data is bytes or a text, not NoneType"),
            (numpy.arange(4), "items of 8 bytes"),
            (numpy.zeros((4, 4), numpy.uint8)[:, 1], "not contiguous"),
        ):
            with self.assertRaisesRegex(kraft.UsageError, words):
                state.observe(data)
        with self.assertRaisesRegex(kraft.UsageError, "list of continuations"):
            state.measure(b"abc")


class ProbabilitiesTest(unittest.TestCase):
    def test_they_sum_to_one(self):
        p = kraft.probabilities([1, 2, 2, numpy.inf])
        self.assertEqual(p.tolist(), [0.5, 0.25, 0.25, 0])

    def test_something_must_be_possible(self):
        with self.assertRaisesRegex(kraft.Error, "no continuation is possible"):
            kraft.probabilities([numpy.inf, numpy.inf])
        with self.assertRaisesRegex(kraft.UsageError, "one dimension"):
            kraft.probabilities([[1.0]])


if __name__ == "__main__":
    unittest.main()
