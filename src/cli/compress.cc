// kraft compress: any file through any model.

#include "base/numbers.h"
#include "base/text.h"
#include "cli/coding.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "kraft/tasks/pack.h"

namespace kraft::cli {
namespace {

const OptionTable<CodingShow>& show_options() {
  static const auto table = [] {
    OptionTable<CodingShow> rows;
    add_coding_options(rows, "FILE.kraft");
    return rows;
  }();
  return table;
}

int run(CompressTask& task, const CodingShow& show) {
  const std::string path = output_path(show, show.input == "-" ? "-" : show.input + kSuffix);
  if (path == "-" && stdout_is_terminal())
    throw UsageError("refusing to write binary data to a terminal: give --output, or a pipe");
  InputFile input(show.input);
  CodingOutput output(path, input.access());
  task.input_name = input.name();
  TerminalReceiver terminal;
  const PackResult result = compress(
      task, [&](std::span<Byte> to) { return input.read(to); },
      [&](ByteView bytes) { output.write(bytes); }, terminal.receiver(), input.size_bytes());
  output.commit();
  terminal.end_progress();
  if (show.quiet) return 0;
  note(printable(input.name()) + ": " + grouped(result.original_bytes) + " bytes in " +
       grouped(result.packed_bytes) + " (" + share(result.packed_bytes, result.original_bytes) +
       "), " + result.model);
  return 0;
}

}  // namespace

Command compress_command() {
  Command command;
  command.name = "compress";
  command.summary = "compress a file with a model and an arithmetic coder";
  command.details =
      "Every byte is stored in as many bits as the model gives it, so that any model compresses, "
      "without loss: the file is about as long as the model's prequential bits (see `kraft help "
      "score`). A FILE becomes FILE.kraft and stays; standard input goes to standard output. What "
      "comes back is the file to the last byte, whatever it is; for an uncompressed image (binary "
      "PNM) or recording (WAV with 8 or 16 bits) the model is told the shape of the samples. "
      "Blocks are independent of each other: they share the threads, and confine damage; larger "
      "ones let the model learn for longer and take more memory. The .kraft file says which model "
      "and which library read it back.";
  command.examples = {"kraft compress --model ngram:5 book.txt",
                      "kraft compress --model png photo.ppm -o photo.kraft",
                      "tar c folder | kraft compress --model ngram:4 >folder.tar.kraft"};
  command.positional = "input";
  serve(command, compress_options(), show_options(), run);
  return command;
}

}  // namespace kraft::cli
