// kraft score: how many bits each model needs for a file.

#include "kraft/tasks/score.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/spreading.h"
#include "cli/terminal.h"
#include "kraft/report.h"

namespace kraft::cli {
namespace {

struct Show {
  bool json = false;
};

const OptionTable<Show>& show_options() {
  static const auto table = [] {
    OptionTable<Show> rows;
    rows.flag("json", &Show::json, {.meaning = "print JSON"});
    return rows;
  }();
  return table;
}

int run(ScoreTask& task, const Show& show) {
  return spread([&](const Receiver& receiver) {
    const ScoreResult result = score(task, receiver);
    write_out(show.json ? score_json(result) : score_table(result));
  });
}

}  // namespace

Command score_command() {
  Command command;
  command.name = "score";
  command.summary = "compare how well models compress and predict files";
  command.details =
      "An image is scored by its pixels, a recording by its samples (--as bytes: the file as it "
      "is). For each model and file: the compressed size, bits per byte and rate; and the "
      "prequential bits per byte, which is -log2 of the probability of each byte given those "
      "before it, under the distribution over all 256 bytes that the model's increments make when "
      "normalised. Measuring that takes up to 256 compressions for each byte, so it is estimated "
      "at positions drawn at random, two in each of equal stretches of the file; the standard "
      "error is that of this design, and there is none when all positions are measured. With "
      "--prime, models have seen that corpus: the bits are what the text adds to the corpus's "
      "code, and what is predicted after it. With --chunk, every N bytes are compressed by "
      "themselves, and the codec's header (the size of a compressed single byte) is counted once, "
      "as in Deletang et al. 2024: chunks of a few bytes look better than they are. A model that "
      "recompresses predicts from the last `context` bytes (see `kraft models NAME`).";
  command.examples = {"kraft score --model gzip --model zstd:19 --model xz book.txt",
                      "kraft score --model gzip:9 --chunk 2048 book.txt speech.wav --json",
                      "kraft score --model xz --model ngram:5 --prime book.txt letter.txt",
                      "kraft score --model png --model jxl --model llama photo.png --gray"};
  command.positional = "input";
  command.without_positional = "no file to score (- is standard input)";
  command.spreads = true;
  serve(command, score_options(), show_options(), run);
  return command;
}

}  // namespace kraft::cli
