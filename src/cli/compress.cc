// kraft compress: any file through any model.

#include <algorithm>
#include <array>

#include "base/text.h"
#include "cli/coding.h"
#include "cli/context.h"
#include "cli/terminal.h"
#include "kraft/error.h"

namespace kraft::cli {
namespace {

struct Options {
  std::string model, input = "-", as = "auto";
  std::string block = "1MiB";
  ThreadsOption threads;
};

std::uint64_t parse_block(const std::string& text) {
  std::int64_t bytes = 0;
  if (!parse_integer(text, bytes))
    throw UsageError("--block is a number of bytes such as 256KiB, not '" + printable(text) + "'");
  check_range("block", bytes, 1, static_cast<std::int64_t>(kMostBlockBytes));
  return static_cast<std::uint64_t>(bytes);
}

Medium parse_medium(const std::string& text) {
  for (Medium medium : {Medium::text, Medium::image, Medium::audio, Medium::bytes}) {
    if (text == name_of(medium)) return medium;
  }
  throw UsageError("--as '" + printable(text) + "' is none of auto|text|image|audio|bytes");
}

// The input, whose beginning says what it is before it is compressed from there on.
class PeekedInput {
 public:
  explicit PeekedInput(const std::string& path) : file_(path), size_bytes_(file_.size_bytes()) {
    beginning_.resize(kMostHeadBytes);
    std::size_t size = 0;
    while (const std::size_t got = file_.read(std::span(beginning_).subspan(size))) size += got;
    beginning_.resize(size);
    left_ = beginning_;
  }

  ByteView beginning() const { return beginning_; }
  std::optional<std::uint64_t> size_bytes() const { return size_bytes_; }
  std::optional<FileAccess> access() const { return file_.access(); }
  const std::string& name() const { return file_.name(); }

  std::size_t read(std::span<Byte> to) {
    if (left_.empty()) return file_.read(to);
    const std::size_t count = std::min(to.size(), left_.size());
    std::copy_n(left_.begin(), count, to.begin());
    left_ = left_.subspan(count);
    return count;
  }

 private:
  InputFile file_;
  std::optional<std::uint64_t> size_bytes_;
  Bytes beginning_;
  ByteView left_;  // of the beginning, not yet read
};

// Where the samples lie that the model is to see; bytes if there are none. Throws Error when the
// medium that was asked for is not there.
RawLayout layout_of(const Options& options, const PeekedInput& input) {
  const auto layout = raw_layout(input.beginning());
  if (options.as == "auto") return layout.value_or(RawLayout{});
  const Medium medium = parse_medium(options.as);
  if (medium == Medium::text || medium == Medium::bytes) return {.medium = medium};
  if (!layout || layout->medium != medium)
    throw Error(printable(input.name()) + " is no uncompressed " + name_of(medium) + " (" +
                (medium == Medium::image ? "binary PNM" : "WAV with 8 or 16 bits") + ")");
  return *layout;
}

// A model that cannot see samples of this shape sees bytes, unless the medium was asked for.
std::shared_ptr<const Model> model_for(const Options& options, std::uint64_t block_bytes,
                                       RawLayout& layout) {
  ModelOptions model_options{.threads = options.threads.get()};
  if (options.as == "auto") {
    try {
      model_options.geometry = layout.geometry;
      if (layout.row_bytes <= block_bytes) return make_model(options.model, model_options);
    } catch (const UsageError&) {
    }
    layout = {};
  }
  model_options.geometry = layout.geometry;
  return make_model(options.model, model_options);
}

int run(const po::variables_map& values, const Options& options) {
  if (options.model.empty()) throw UsageError("--model is missing; `kraft models` lists them");
  const std::uint64_t block_bytes = parse_block(options.block);
  if (options.as != "auto") parse_medium(options.as);
  check_spec(options.model);  // mistakes before any work
  const std::string path =
      output_path(values, options.input == "-" ? "-" : options.input + kSuffix);
  if (path == "-" && stdout_is_terminal())
    throw UsageError("what is compressed is nothing to read: give --output, or a pipe");

  PeekedInput input(options.input);
  RawLayout layout = layout_of(options, input);
  const auto model = model_for(options, block_bytes, layout);
  CodingOutput output(path, input.access());
  std::uint64_t read_bytes = 0;
  {
    Progress progress(model->spec(), input.size_bytes().value_or(0), "bytes");
    compress(
        *model,
        [&](std::span<Byte> to) {
          const std::size_t got = input.read(to);
          read_bytes += got;
          return got;
        },
        [&](ByteView bytes) { output.write(bytes); },
        {.block_bytes = block_bytes,
         .threads = options.threads.get(),
         .layout = layout,
         .size_bytes = input.size_bytes(),
         .progress = [&](std::uint64_t done) { progress.advance_to(done); }});
    output.commit();
  }
  if (is_set(values, "quiet")) return 0;
  if (const std::string why = objection_to(model->spec()); !why.empty())
    note("kraft decompress will need --model: " + printable(model->spec()) + ", " + why);
  note(printable(input.name()) + ": " + grouped(read_bytes) + " bytes in " +
       grouped(output.written_bytes()) + " (" + share(output.written_bytes(), read_bytes) + "), " +
       model->spec());
  return 0;
}

}  // namespace

Command compress_command() {
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "compress";
  command.synopsis = "--model SPEC [FILE|-] [-o FILE] [--block SIZE] [options]";
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
  // clang-format off
  command.options.add_options()
      ("model,m", po::value(&options->model)->value_name("SPEC"), "the model")
      ("input", po::value(&options->input)->value_name("FILE"), "the file (- is standard input)")
      ("output,o", po::value<std::string>()->value_name("FILE"), "where to write (- is standard output; default: FILE.kraft)")
      ("force,f", po::bool_switch(), "overwrite FILE.kraft")
      ("block", po::value(&options->block)->value_name("SIZE")->default_value(options->block), "bytes of each block")
      ("as", po::value(&options->as)->value_name("MEDIUM")->default_value(options->as), "take the file as text, image, audio or bytes; auto: what its content says")
      ("quiet,q", po::bool_switch(), "no report on standard error");
  options->threads.add_to(command.options);
  // clang-format on
  command.positional = "input";
  command.most_positional = 1;
  command.run = [options](const po::variables_map& values) { return run(values, *options); };
  return command;
}

}  // namespace kraft::cli
