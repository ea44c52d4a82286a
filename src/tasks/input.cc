#include "kraft/tasks/input.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/tasks/options.h"
#include "tasks/medium_option.h"
#include "tasks/sample_media.h"

namespace kraft {
namespace {

constexpr double kMostRate = 655'350;

OptionTable<ContextInput> make_context_table() {
  OptionTable<ContextInput> table;
  table.contents(
      "prime", &ContextInput::prime,
      {.value_name = "FILE", .meaning = "corpus to imitate; comes first in the context"});
  table.integer("prime-first", &ContextInput::prime_first,
                {.value_name = "N",
                 .min = 0,
                 .otherwise = "0",
                 .meaning = "let models observe only the first N bytes of the corpus; 0: all",
                 .needs = {"prime"}});
  table.text("prompt", &ContextInput::prompt,
             {.value_name = "TEXT", .meaning = "text to continue; comes last in the context"});
  table.contents("input", &ContextInput::input,
                 {.value_name = "FILE",
                  .meaning = "file to continue; comes after the corpus and before the prompt",
                  .may_be_empty = true});
  return table;
}

OptionTable<MediaInput> make_media_input_table() {
  using M = MediaInput;
  const std::vector<Medium> image = {Medium::image}, audio = {Medium::audio};
  OptionTable<MediaInput> table;
  add_medium(table, &M::as);
  table.structured(
      "crop", &M::crop, [](const std::string& text) { return parse_box("crop", text); },
      [](const Box& box) { return text_of(box); },
      {.value_name = "X,Y,W,H", .meaning = "image: use this part only", .media = image});
  table.structured(
      "scale", &M::scale, [](const std::string& text) { return parse_size("scale", text); },
      text_of_size,
      {.value_name = "WxH", .meaning = "image: resize it, after cropping", .media = image});
  table.flag("gray", &M::gray, {.meaning = "image: without colours", .media = image});
  table.choice("encoding", &M::encoding,
               std::vector<std::pair<std::string, Encoding>>{
                   {"u8", Encoding::u8}, {"mulaw", Encoding::mulaw}, {"s16", Encoding::s16}},
               {.value_name = "NAME",
                .otherwise = "the file's own",
                .meaning = "audio: what a sample becomes; u8: 8 linear bits",
                .media = audio});
  table.integer("rate", &M::rate,
                {.value_name = "HZ",
                 .min = 1,
                 .max = kMostRate,
                 .otherwise = "the file's own",
                 .meaning = "audio: resample to this rate",
                 .media = audio});
  return table;
}

}  // namespace

const OptionTable<ContextInput>& context_options() {
  static const OptionTable<ContextInput> table = make_context_table();
  return table;
}

Bytes Context::observed() const {
  Bytes joined(corpus().begin(), corpus().end());
  append(joined, prompt());
  return joined;
}

Context make_context(const ContextInput& input) {
  check(context_options(), input);
  Context context;
  if (input.prime) context.bytes = *input.prime;
  context.prompt_begins = context.observed_corpus = context.bytes.size();
  if (const std::int64_t first = input.prime_first.value_or(0); first > 0)
    context.observed_corpus = std::min(context.prompt_begins, static_cast<std::size_t>(first));
  if (input.input) append(context.bytes, *input.input);
  if (input.prompt) append(context.bytes, as_bytes(*input.prompt));
  return context;
}

const OptionTable<MediaInput>& media_input_options() {
  static const OptionTable<MediaInput> table = make_media_input_table();
  return table;
}

Medium medium_of(const MediaInput& input, ByteView file, std::string_view name) {
  if (input.as) return *input.as;
  return file.empty() ? Medium::text : infer_medium(file, name);
}

Image read_image(const MediaInput& input, ByteView file) {
  Image image = read_image(file);
  if (input.gray) image = to_gray(image);
  if (input.crop) image = cropped(image, *input.crop);
  if (input.scale) image = scaled(image, input.scale->first, input.scale->second);
  return image;
}

Audio read_audio(const MediaInput& input, ByteView file) {
  return read_audio(file, input.encoding, input.rate);
}

MediaSamples read_samples(const MediaInput& input, ByteView file, std::string_view name) {
  check(media_input_options(), input);
  const Medium medium = medium_of(input, file, name);
  check_media(media_input_options(), input, medium);
  if (const SampleMedium* row = sample_medium(medium)) {
    MediaSamples samples = row->read(input, file);
    samples.medium = medium;
    return samples;
  }
  return {.medium = medium, .bytes = Bytes(file.begin(), file.end())};
}

PixelSize parse_size(const std::string& option, const std::string& text) {
  const std::size_t cross = text.find('x');
  std::int64_t width = 0, height = 0;
  if (cross == text.npos || !parse_integer(text.substr(0, cross), width) ||
      !parse_integer(text.substr(cross + 1), height) || width < 1 || height < 1)
    throw OptionError({"", option, " is WxH in pixels, not '" + printable(text) + "'"});
  return {static_cast<std::size_t>(width), static_cast<std::size_t>(height)};
}

std::string text_of_size(const PixelSize& size) {
  return std::to_string(size.first) + "x" + std::to_string(size.second);
}

Box parse_box(const std::string& option, const std::string& text) {
  std::array<std::int64_t, 4> numbers{};
  std::size_t begin = 0, count = 0;
  bool right = true;
  for (; right && begin <= text.size(); ++count) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    right = count < numbers.size() &&
            parse_integer(text.substr(begin, end - begin), numbers[count]) && numbers[count] >= 0;
    begin = end + 1;
  }
  if (!right || count != numbers.size())
    throw OptionError({"", option, " is X,Y,W,H in pixels, not '" + printable(text) + "'"});
  return {static_cast<std::size_t>(numbers[0]), static_cast<std::size_t>(numbers[1]),
          static_cast<std::size_t>(numbers[2]), static_cast<std::size_t>(numbers[3])};
}

std::string text_of(const Box& box) {
  return std::to_string(box.x) + "," + std::to_string(box.y) + "," + std::to_string(box.width) +
         "," + std::to_string(box.height);
}

}  // namespace kraft
