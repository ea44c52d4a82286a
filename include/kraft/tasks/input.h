// What tasks are given: bytes with a name, a context, a file of some medium.
//
//     kraft::ContextInput input{.prime = book, .prompt = "Call me "};
//     kraft::Context context = kraft::make_context(input);
//     auto state = model->start(context.observed());
//
//     kraft::MediaInput media{.gray = true};                  // of an image, no colours
//     kraft::MediaSamples samples = kraft::read_samples(media, file);
//     auto png = kraft::make_model("png", {.geometry = samples.geometry});
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/media.h"
#include "kraft/registry.h"

namespace kraft {

template <class Task>
class OptionTable;  // kraft/tasks/options.h

// Bytes, and what they are called in results and messages: the name of a file, or any other.
struct NamedBytes {
  std::string name;
  Bytes bytes;

  bool operator==(const NamedBytes&) const = default;
};

// What a model has seen before it is asked: a corpus, then a file, then a prompt.
struct ContextInput {
  std::optional<Bytes> prime = {};  // the corpus
  // Models observe only so many bytes of it (0, and by default: all).
  std::optional<std::int64_t> prime_first = {};
  std::optional<Bytes> input = {};  // the file
  std::optional<std::string> prompt = {};
};

const OptionTable<ContextInput>& context_options();

struct Context {
  Bytes bytes;                      // all of it
  std::size_t prompt_begins = 0;    // what stands before is the corpus
  std::size_t observed_corpus = 0;  // as much of the corpus as models observe, from its beginning

  ByteView corpus() const { return ByteView(bytes).first(observed_corpus); }
  ByteView prompt() const { return ByteView(bytes).subspan(prompt_begins); }
  Bytes observed() const;  // corpus and prompt
};

Context make_context(const ContextInput& input);

using PixelSize = std::pair<std::size_t, std::size_t>;  // width and height

// How a file is read as a medium.
struct MediaInput {
  std::optional<Medium> as = {};           // what it is taken for (default: what its content says)
  std::optional<Box> crop = {};            // images: this part only
  std::optional<PixelSize> scale = {};     // images: resized, after cropping
  bool gray = false;                       // images: without colours
  std::optional<Encoding> encoding = {};   // recordings (default: the file's own)
  std::optional<std::uint32_t> rate = {};  // recordings: resampled to so many frames a second
};

const OptionTable<MediaInput>& media_input_options();

// MediaInput::as, or else what the content says, or else the file's name; an empty file is text.
Medium medium_of(const MediaInput& input, ByteView file, std::string_view name = "");

// Throw Error when the file is damaged, UsageError when an option does not fit it.
Image read_image(const MediaInput& input, ByteView file);
Audio read_audio(const MediaInput& input, ByteView file);

// The samples of an image or recording, the bytes of all else.
struct MediaSamples {
  Medium medium = Medium::bytes;
  Bytes bytes;
  Geometry geometry = {};
  std::vector<std::string> warnings = {};  // of the file's reader
};

// Throws also when an option is set that has no meaning for the medium.
MediaSamples read_samples(const MediaInput& input, ByteView file, std::string_view name = "");

// "WxH", both at least 1. Throws OptionError that names the option.
PixelSize parse_size(const std::string& option, const std::string& text);
std::string text_of_size(const PixelSize& size);

// "X,Y,W,H". Throws OptionError that names the option.
Box parse_box(const std::string& option, const std::string& text);
std::string text_of(const Box& box);

}  // namespace kraft
