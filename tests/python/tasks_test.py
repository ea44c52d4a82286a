"""Tasks on texts: the same as the command line's, whatever is asked for."""

import csv
import json
import os
import pathlib
import unittest
import unittest.mock

import numpy

import kraft
from support import SOURCE, TEXT, CommandTest, book


class SampleTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.book = book(6000)
        self.path = self.file("book", self.book)

    def agree(self, flags, model, **options):
        said = self.kraft_json("sample", "--model", model, "--prime", self.path, *flags)
        drawn = kraft.sample(model, prime=self.book, **options)
        said.pop("text", None)
        said.pop("text_base64", None)
        for report in (said, drawn.report):
            for span in report.get("spans", []):
                del span["seconds"]
        self.assertEqual(drawn.report, said)
        text = self.kraft("sample", "--model", model, "--prime", self.path, "--quiet", *flags)
        self.assertEqual(bytes(drawn), text)

    def test_the_same_bytes_and_report_as_the_command_line(self):
        asked = ("--prompt", "The whale ", "--length", 24, "--seed", 3)
        same = {"prompt": "The whale ", "length": 24, "seed": 3}
        self.agree(asked, "gzip:9", **same)
        self.agree(asked, "gzip:9,view=decoder", **same)
        self.agree((*asked, "--sampler", "ancestral", "--temperature", 0.7, "--top-k", 20), "ppmd:4",
                   **same, sampler="ancestral", temperature=0.7, top_k=20)
        self.agree((*asked, "--sampler", "beam", "--beam-width", 4), "ngram:3", **same, sampler="beam", beam_width=4)
        self.agree((*asked, "--sampler", "coinflips"), "gzip", **same, sampler="coinflips")
        self.agree((*asked, "--alphabet", "printable", "--max-copy", 8), "cm", **same, alphabet="printable", max_copy=8)

    def test_a_hole(self):
        flags = ("--prompt", "Captain Ahab ___ to the deck.", "--hole", "___", "--length", 6, "--sampler",
                 "metropolis", "--steps", 40, "--burn-in", 10)
        self.agree(flags, "ngram:3", prompt="Captain Ahab ___ to the deck.", hole="___", length=6,
                   sampler="metropolis", steps=40, burn_in=10)

    def test_several_come_as_a_list(self):
        drawn = kraft.sample(["gzip", "ppmd"], "abcabcabc", length=4, count=2)
        self.assertEqual([(d.report["model"], d.report["index"]) for d in drawn],
                         [("gzip:6", 0), ("gzip:6", 1), ("ppmd:8", 0), ("ppmd:8", 1)])
        self.assertEqual(len(kraft.sample(["gzip"], "abcabcabc", length=4)), 1)
        self.assertEqual(len(kraft.sample("gzip", "abcabcabc", length=4, count=1)), 1)
        self.assertIsInstance(kraft.sample("gzip", "abcabcabc", length=4), bytes)

    def test_models_that_are_made_already(self):
        model = kraft.model("ppmd:4")
        self.assertEqual(kraft.sample(model, TEXT, length=9), kraft.sample("ppmd:4", TEXT, length=9))

    def test_a_preset_needs_no_model(self):
        drawn = kraft.sample(preset="gzipt", prime=self.book, length=3)
        self.assertEqual(len(drawn), 3)

    def test_bytes_of_any_kind(self):
        for prompt in (TEXT, bytearray(TEXT), memoryview(TEXT), TEXT.decode()):
            self.assertEqual(kraft.sample("ngram", prompt, length=5), kraft.sample("ngram", TEXT, length=5))
        self.assertEqual(kraft.sample("ngram", prime=self.path, length=5),
                         kraft.sample("ngram", prime=self.book, length=5))

    def test_a_model_that_does_not_see_back_warns(self):
        with self.assertWarnsRegex(UserWarning, "gzip:6 reaches back 32,768 bytes") as caught:
            kraft.sample("gzip", prime=book(40000), length=1)
        self.assertEqual(pathlib.Path(caught.filename).name, "tasks_test.py")


class ErrorTest(CommandTest):
    def refused(self, words, task, *arguments, **options):
        with self.assertRaises(kraft.UsageError) as caught:
            task(*arguments, **options)
        self.assertEqual(str(caught.exception), words)

    def test_options_have_the_librarys_words_and_pythons_names(self):
        sample = lambda **options: kraft.sample("gzip", TEXT, **options)
        self.refused("top_k -1 is out of range: 0..2147483647", sample, top_k=-1)
        self.refused("length is a whole number", sample, length=1.5)
        self.refused("length is a whole number", sample, length=True)
        self.refused("whole_bytes is on or off", sample, whole_bytes=1)
        self.refused("temperature is a number", sample, temperature="warm")
        self.refused("length 100000000000000000000 is out of range: 0..1073741824", sample, length=10**20)
        self.refused("unknown option 'tempperature' (did you mean temperature?)", sample, tempperature=1)
        self.refused("suffix and hole cannot be given together", sample, suffix="a", hole="b", sampler="smc")
        self.refused("model is missing", kraft.sample)
        self.refused("model is a specification, a Model, or a list of them, not int", kraft.sample, 5)
        self.refused("prompt cannot be of type dict", kraft.sample, "gzip", prompt={})

    def test_the_same_words_as_the_command_line(self):
        path = self.file("text", TEXT)
        for flags, options in (
            (("--sampler", "beam", "--steps", "5"), {"sampler": "beam", "steps": 5}),
            (("--horizon", "0"), {"horizon": 0}),
            (("--sampler", "ancestor"), {"sampler": "ancestor"}),
            (("--alphabet", "some"), {"alphabet": "some"}),
        ):
            said = self.kraft_error("sample", "--model", "gzip", path, *flags)
            with self.assertRaises(kraft.UsageError) as caught:
                kraft.sample("gzip", input=TEXT, **options)
            spelled = said.replace("--", "")
            self.assertEqual(str(caught.exception).replace("_", "-"), spelled)

    def test_a_missing_file_is_what_python_says(self):
        with self.assertRaises(FileNotFoundError):
            kraft.score("gzip", pathlib.Path("/nowhere"))


class ScoreTest(CommandTest):
    def test_the_same_rows_as_the_command_line(self):
        path, other = self.file("book", book(4000)), self.file("text", TEXT)
        models = ["gzip:9", "ngram:3", "xz"]
        flags = [word for model in models for word in ("--model", model)]
        said = self.kraft_json("score", *flags, "--positions", 8, "--seed", 2, path, other)
        rows = kraft.score(models, {str(path): book(4000), str(other): TEXT}, positions=8, seed=2)
        for row, one in zip(rows, said, strict=True):
            prequential = one.pop("prequential")
            self.assertEqual(row.pop("prequential_bits_per_byte"), prequential["bits_per_byte"])
            self.assertEqual(row.pop("prequential_standard_error"), prequential["standard_error"])
            self.assertEqual(row.pop("prequential_positions"), prequential["positions"])
            self.assertEqual(row, one)

    def test_inputs_of_any_form(self):
        path = self.file("text", TEXT)
        bits = kraft.score("gzip", TEXT, positions=0)[0]["bits"]
        for data, names in (
            ([TEXT, TEXT], ["input 1", "input 2"]),
            ({"a": TEXT, "b": TEXT}, ["a", "b"]),
            (path, [str(path)]),
            ([path], [str(path)]),
        ):
            rows = kraft.score("gzip", data, positions=0)
            self.assertEqual([row["file"] for row in rows], names)
            self.assertEqual({row["bits"] for row in rows}, {bits})

    def test_all_positions(self):
        row = kraft.score("ngram:2", TEXT, positions="all")[0]
        self.assertEqual(row["prequential_positions"], len(TEXT))
        self.assertEqual(row["prequential_standard_error"], 0)

    def test_what_a_file_is_taken_for(self):
        png = kraft.write_image(numpy.zeros((8, 9), numpy.uint8))
        self.assertEqual(kraft.score("gzip", png, positions=0)[0]["bytes"], 72)
        self.assertEqual(kraft.score("gzip", png, positions=0, as_="bytes")[0]["bytes"], len(png))
        with self.assertRaisesRegex(kraft.UsageError, "alphabet cannot be of type tuple"):
            kraft.sample("gzip", TEXT, alphabet=("a", "b"))

    def test_a_file_without_bytes_is_an_error(self):
        with self.assertRaises(kraft.Error):
            kraft.score("gzip", b"")


class OtherTaskTest(CommandTest):
    def test_next_byte(self):
        path = self.file("text", TEXT)
        said = self.kraft_json("next", "--model", "gzip", "--view", "both", "--prime", path, "--prompt", "she ")
        self.assertEqual(kraft.next_byte("gzip", "she ", prime=TEXT, view="both"), said)
        self.assertEqual(kraft.next_byte("gzip", "she ", prime=TEXT), said[0])

    def test_classify(self):
        corpora = {"book": book(3000), "licence": (SOURCE / "LICENSE").read_bytes()}
        flags = [f"--corpus={name}={self.file(name, data)}" for name, data in corpora.items()]
        text = self.file("text", b"to deal in the software without restriction")
        said = self.kraft_json("classify", "--model", "xz", *flags, text)
        found = kraft.classify("xz", corpora, {str(text): text})
        self.assertEqual(found, said["inputs"])
        self.assertEqual(found[0]["winner"], "licence")

    def test_compare(self):
        path = self.file("book", book(5000))
        options = {"windows": 2, "context": 300, "length": 8, "positions": 2, "judge": "ngram:3", "seed": 4}
        flags = [f"--{name}={value}" for name, value in options.items()]
        printed = self.kraft("compare", "--model", "gzip", "--model", "ngram:3", *flags, path, "--csv").decode()
        records = kraft.compare(["gzip", "ngram:3"], path, **options)
        lines = list(csv.DictReader(printed.splitlines()))
        self.assertEqual(len(records), len(lines))
        costs = {"bytes_per_second", "candidates_per_second", "peak_memory_bytes"}
        for record, line in zip(records, lines):
            for key in ("file", "model", "sampler", "figure"):
                self.assertEqual(record[key], line[key])
            if record["figure"] not in costs:
                self.assertEqual(record["mean"], float(line["mean"]), line)
                self.assertEqual(record["windows"], int(line["windows"]))
        self.assertEqual(list(records[0]), list(lines[0]))
        self.assertEqual(json.loads(records.to_json())["settings"]["seed"], 4)
        self.assertRegex(records.table(), r"gzip +ancestral")

    def test_compare_merges_what_was_kept(self):
        options = {"windows": 2, "context": 300, "length": 8, "positions": 2, "judge": "ngram:3"}
        whole = kraft.compare(["ngram:2", "ngram:3"], book(5000), **options)
        kept = [str(self.folder / name) for name in ("a", "b")]
        for model, path in zip(("ngram:2", "ngram:3"), kept):
            kraft.compare(model, book(5000), resume=path, **options)
        merged = kraft.compare(from_=kept)
        of = [[(r["model"], r["mean"]) for r in records if r["figure"] == "bits_per_byte"] for records in (whole, merged)]
        self.assertEqual(*of)
        with self.assertRaises(kraft.UsageError):
            kraft.compare("gzip", from_=kept)

    def test_compare_makes_a_page_where_there_are_charts(self):
        records = kraft.compare("uniform", TEXT, windows=1, context=50, length=2, judge="ngram:2")
        page = records.to_html()
        self.assertTrue(page.lstrip().lower().startswith("<!doctype html"))
        self.assertIn("uniform", page)

    def test_compress_and_back(self):
        path = self.file("book", book(4000))
        for model in ("ngram:3", "ppmd", "cm", "gzip"):
            size = 4000 if model != "gzip" else 300
            path = self.file("book", book(size))
            self.kraft("compress", "--model", model, "--force", path)
            packed = kraft.compress(book(size), model)
            self.assertEqual(packed, pathlib.Path(f"{path}.kraft").read_bytes())
            self.assertEqual(kraft.decompress(packed), book(size))
            self.assertEqual(kraft.decompress(memoryview(packed)), book(size))
        self.assertEqual(kraft.decompress(pathlib.Path(f"{path}.kraft")), book(size))

    def test_a_damaged_file_is_an_error(self):
        packed = bytearray(kraft.compress(TEXT, "ngram:2"))
        packed[-20] ^= 1
        with self.assertRaises(kraft.Error) as caught:
            kraft.decompress(packed)
        self.assertNotIsInstance(caught.exception, kraft.UsageError)

    def test_a_command_needs_its_name_again(self):
        with self.assertRaisesRegex(kraft.UsageError, "with needs_model, one is written"):
            kraft.compress(b"abc", "cmd:cat")
        packed = kraft.compress(b"abc", "cmd:cat", needs_model=True, block="64KiB")
        self.assertEqual(kraft.decompress(packed, "cmd:cat"), b"abc")

    def test_inspect(self):
        path = self.file("text", TEXT)
        self.kraft("compress", "--model", "ngram:2", path)
        (said,) = self.kraft_json("info", f"{path}.kraft")
        del said["file"]
        self.assertEqual(kraft.inspect(pathlib.Path(f"{path}.kraft")), said)

    @unittest.mock.patch.dict(os.environ, KRAFT_WEIGHTS="/nowhere")  # language models take long
    def test_reproduce(self):
        path = self.file("book", book(4096))
        said = self.kraft_json("reproduce", "fig4", "--limit", 4096, "--chunks", 1, "--text", path)
        found = kraft.reproduce("fig4", text={"book": path}, limit=4096, chunks=1)
        self.assertIn("gzip", found.pop("report"))
        self.assertEqual(found, said)
        with self.assertRaisesRegex(kraft.UsageError, "unknown experiment"):
            kraft.reproduce("fig5")


if __name__ == "__main__":
    unittest.main()
