#include "kraft/tasks/pack.h"

#include <algorithm>
#include <memory>

#include "base/numbers.h"
#include "base/text.h"
#include "core/observing.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/tasks/options.h"
#include "tasks/medium_option.h"
#include "tasks/models.h"

namespace kraft {
namespace {

OptionTable<CompressTask> make_compress_table() {
  using T = CompressTask;
  OptionTable<T> table;
  table.text("model", &T::model,
             {.letter = 'm',
              .value_name = "SPEC",
              .meaning = "the model",
              .required = true,
              .names_models = true});
  table.integer("block", &T::block_bytes,
                {.value_name = "SIZE",
                 .min = 1,
                 .max = static_cast<double>(kMostBlockBytes),
                 .otherwise = size_text(kDefaultBlockBytes) + "; " + size_text(kLongBlockBytes) +
                              " with models that learn as they go, such as ppmd and cm",
                 .meaning = "bytes of each block",
                 .is_size = true});
  add_medium(table, &T::as);
  table.flag("needs-model", &T::needs_model,
             {.meaning = "allow a model that is not taken from a file, such as a command: the file "
                         "opens only where the model is named again"});
  add_threads(table, &T::threads);
  return table;
}

OptionTable<DecompressTask> make_decompress_table() {
  using T = DecompressTask;
  OptionTable<T> table;
  table.text("model", &T::model,
             {.letter = 'm',
              .value_name = "SPEC",
              .otherwise = "the one that the file names",
              .meaning = "take this model instead of the one that the file names",
              .names_models = true});
  add_threads(table, &T::threads);
  return table;
}

// What is read, whose beginning says what it is before it is compressed from there on.
class PeekedInput {
 public:
  PeekedInput(const Reader& read, const Receiver& receiver) : read_(read), receiver_(receiver) {
    beginning_.resize(kMostHeadBytes);
    std::size_t size = 0;
    while (const std::size_t got = read_(std::span(beginning_).subspan(size))) size += got;
    beginning_.resize(size);
    left_ = beginning_;
  }

  ByteView beginning() const { return beginning_; }
  std::uint64_t read_bytes() const { return read_bytes_; }

  std::size_t read(std::span<Byte> to) {
    stop_if(receiver_.cancelled);
    const std::size_t got = left_.empty() ? read_(to) : take_beginning(to);
    read_bytes_ += got;
    return got;
  }

 private:
  std::size_t take_beginning(std::span<Byte> to) {
    const std::size_t count = std::min(to.size(), left_.size());
    std::copy_n(left_.begin(), count, to.begin());
    left_ = left_.subspan(count);
    return count;
  }

  const Reader& read_;
  const Receiver& receiver_;
  std::uint64_t read_bytes_ = 0;
  Bytes beginning_;
  ByteView left_;  // of the beginning, not yet read
};

// Where the samples lie that the model is to see; bytes if there are none. Throws Error when the
// medium that was asked for is not there.
RawLayout layout_of(const CompressTask& task, ByteView beginning) {
  const auto layout = raw_layout(beginning);
  if (!task.as) return layout.value_or(RawLayout{});
  if (!has_samples(*task.as)) return {.medium = *task.as};
  if (!layout || layout->medium != *task.as)
    throw Error(printable(task.input_name) + " is no uncompressed " + name_of(*task.as) + " (" +
                row_of(*task.as).raw_files + ")");
  return *layout;
}

// Throws UsageError for a model that the file cannot name by itself.
std::shared_ptr<const Model> openable_model(const CompressTask& task, const Geometry& geometry,
                                            const Receiver& receiver) {
  const std::string spec = check_spec(task.model, geometry);
  const std::string why = task.needs_model ? "" : objection_to(spec);
  if (!why.empty())
    throw OptionError(
        {"the model " + printable(spec) + ", " + why + ", is not taken from a file: with ",
         "needs-model", ", one is written that opens where the model is named again"});
  return make_model(spec, geometry, task.threads, receiver);
}

// A model that cannot see samples of this shape sees bytes, unless the medium was asked for.
std::shared_ptr<const Model> model_for(const CompressTask& task, RawLayout& layout,
                                       const Receiver& receiver) {
  if (!task.as) {
    try {
      if (layout.row_bytes <= task.block_bytes.value_or(kDefaultBlockBytes))
        return openable_model(task, layout.geometry, receiver);
    } catch (const UsageError&) {
    }
    layout = {};
  }
  return openable_model(task, layout.geometry, receiver);
}

std::uint64_t block_bytes_of(const CompressTask& task, const Model& model) {
  if (task.block_bytes) return *task.block_bytes;
  const bool learns = !model.window_bytes() && model.start()->by_choices();
  return learns ? kLongBlockBytes : kDefaultBlockBytes;
}

}  // namespace

const OptionTable<CompressTask>& compress_options() {
  static const OptionTable<CompressTask> table = make_compress_table();
  return table;
}

const OptionTable<DecompressTask>& decompress_options() {
  static const OptionTable<DecompressTask> table = make_decompress_table();
  return table;
}

void check(const CompressTask& task) {
  check(compress_options(), task);
  check_models({task.model});
}

void check(const DecompressTask& task) {
  check(decompress_options(), task);
  if (task.model) check_models({*task.model});
}

PackResult compress(const CompressTask& task, const Reader& read, const Writer& write,
                    const Receiver& receiver, std::optional<std::uint64_t> size_bytes) {
  check(task);
  PeekedInput input(read, receiver);
  RawLayout layout = layout_of(task, input.beginning());
  const auto model = model_for(task, layout, receiver);
  PackResult result{.model = model->spec(), .medium = layout.medium};
  compress(
      *model, [&](std::span<Byte> to) { return input.read(to); },
      [&](ByteView bytes) {
        result.packed_bytes += bytes.size();
        write(bytes);
      },
      {.block_bytes = block_bytes_of(task, *model),
       .threads = task.threads,
       .layout = layout,
       .size_bytes = size_bytes,
       .progress = [&](std::uint64_t done) {
         receiver.report({.what = result.model,
                          .done = done,
                          .total = size_bytes.value_or(0),
                          .unit = "bytes"});
       }});
  result.original_bytes = input.read_bytes();
  return result;
}

PackResult decompress(const DecompressTask& task, const Reader& read, const Writer& write,
                      const Receiver& receiver) {
  check(decompress_options(), task);
  PackResult result;
  std::uint64_t total = 0;
  DecompressOptions options{.threads = task.threads};
  if (task.model) options.model = make_model(*task.model, {}, task.threads, receiver);
  options.header = [&](const ContainerHeader& header) {
    result.model = header.model.spec;
    result.medium = header.medium;
    total = header.size_bytes.value_or(0);
  };
  options.progress = [&](std::uint64_t done) {
    receiver.report({.what = result.model, .done = done, .total = total, .unit = "bytes"});
  };
  options.warn = [&](const std::string& text) { receiver.warn(text); };
  options.cancelled = receiver.cancelled;
  decompress(
      [&](std::span<Byte> to) {
        stop_if(receiver.cancelled);
        const std::size_t got = read(to);
        result.packed_bytes += got;
        return got;
      },
      [&](ByteView bytes) {
        result.original_bytes += bytes.size();
        write(bytes);
      },
      options);
  return result;
}

Reader reading(ByteView bytes) {
  return [left = bytes](std::span<Byte> to) mutable {
    const std::size_t count = std::min(to.size(), left.size());
    std::copy_n(left.begin(), count, to.begin());
    left = left.subspan(count);
    return count;
  };
}

Writer writing(Bytes& to) {
  return [&to](ByteView bytes) { append(to, bytes); };
}

}  // namespace kraft
