// kraft decompress: back to the file that kraft compress has read.

#include "base/text.h"
#include "cli/coding.h"
#include "cli/context.h"
#include "cli/terminal.h"
#include "kraft/error.h"

namespace kraft::cli {
namespace {

struct Options {
  std::string model, input = "-";
  ThreadsOption threads;
};

std::string implied_output(const po::variables_map& values, const std::string& input) {
  if (input == "-") return "-";
  const std::string suffix = kSuffix;
  if (input.ends_with(suffix) && input.size() > suffix.size())
    return input.substr(0, input.size() - suffix.size());
  if (values.count("output")) return "";
  throw UsageError("--output is missing: " + printable(input) + " does not end in " + suffix);
}

int run(const po::variables_map& values, const Options& options) {
  exclude(values, "test", "output");
  const bool test = is_set(values, "test");
  const std::string path = test ? "" : output_path(values, implied_output(values, options.input));
  DecompressOptions decompression{.threads = options.threads.get()};
  if (!options.model.empty())
    decompression.model = make_model(options.model, {.threads = options.threads.get()});
  InputFile input(options.input);
  std::optional<CodingOutput> output;
  if (!test) output.emplace(path, input.access());

  std::optional<Progress> progress;
  std::uint64_t original_bytes = 0;
  decompression.header = [&](const ContainerHeader& header) {
    progress.emplace(header.model.spec, header.size_bytes.value_or(0), "bytes");
  };
  decompression.progress = [&](std::uint64_t done) { progress->advance_to(done); };
  decompression.warn = warn;
  decompress([&](std::span<Byte> to) { return input.read(to); },
             [&](ByteView bytes) {
               original_bytes += bytes.size();
               if (output) output->write(bytes);
             },
             decompression);
  if (output) output->commit();
  progress.reset();
  if (test && !is_set(values, "quiet"))
    note(printable(input.name()) + ": " + grouped(original_bytes) + " bytes, all of them right");
  return 0;
}

}  // namespace

Command decompress_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "decompress";
  command.synopsis = "[FILE|-] [-o FILE] [--test] [--model SPEC] [options]";
  command.summary = "restore a file that compress has written";
  command.details =
      "The .kraft file names its model. A model here that computes other probabilities than the "
      "one that wrote the file is refused, and every block is checked before it is written: a file "
      "appears whole and right, or not at all; only on standard output the beginning may have been "
      "written before damage shows. A model that is a command or lies in a file of its own is not "
      "taken from a .kraft file: name it with --model, and it must be the same.";
  command.examples = {"kraft decompress book.txt.kraft", "kraft decompress book.txt.kraft --test",
                      "kraft decompress -o - book.txt.kraft | head",
                      "kraft decompress --model 'cmd:\"gzip -9\"' x.kraft"};
  // clang-format off
  command.options.add_options()
      ("input", po::value(&options->input)->value_name("FILE"), "the file (- is standard input)")
      ("output,o", po::value<std::string>()->value_name("FILE"), "where to write (- is standard output; default: FILE without .kraft)")
      ("force,f", po::bool_switch(), "overwrite a file of that name")
      ("test", po::bool_switch(), "decompress and check, but write nothing")
      ("model,m", po::value(&options->model)->value_name("SPEC"), "the model, where the file's word is not to be taken")
      ("quiet,q", po::bool_switch(), "no report on standard error");
  options->threads.add_to(command.options);
  // clang-format on
  command.positional = "input";
  command.most_positional = 1;
  command.run = [options](const po::variables_map& values) { return run(values, *options); };
  return command;
}

}  // namespace kraft::cli
