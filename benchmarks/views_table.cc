// What do codecs know? Their own rate, the encoder's view and the decoder's view (docs/views.md),
// as a table in Markdown.
//
//     views_table --models "gzip:9 zstd:3" --contexts 32768,131072 moby=mobydick.txt
//     speech=a.wav+b.wav
//
// At each of --places (8) places of each input, evenly spaced, with a context of so many bytes:
//
//     own rate   bits that the codec needs for the next --truth (4000) bytes, after the context:
//                the length of both, less that of the context alone
//     encoder    mean of -log2 p of the next byte, of the encoder's view of the whole context, at
//                --positions (40) of them, where p is normalised over all 256 bytes; of pictures
//                in columns that follow the golden ratio, or they could all be the first one
//     decoder    the same over all of the truth, of the decoder's view
//     ratio      decoder over own rate, of all bytes of all places
//     hindsight  with --hindsight yes, of jxl: what the stream of the context and the truth pays for
//                the truth, over own rate. The own rate is less where more rows make the stream of
//                the context, too, shorter: no view of one stream can know that
//
// All in bits per byte; +- is one standard error over the places. A picture is read as gray pixels
// (--pixels rgb: as it is; gray16: the luma of its colours to 16 bits; rgb16: at half the size,
// linear light to 16 bits), a recording as 8-bit samples (several files one after the other),
// anything else as bytes. Models are told the shape of a single picture or recording, where places
// begin at a row and contexts are whole rows. Places are spread over --threads (0: one for each
// processor) threads.
//
//     views_table --time gzip:9 moby=mobydick.txt
//
// prints what one observed byte and one distribution of 256 cost, in microseconds of processor
// time, for both views, beside the bits: medians of rounds in turn, on one thread.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <numbers>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "codecs/jxl.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "kraft/views.h"
#include "models/jxl/pixel_view.h"
#include "models/jxl/stream.h"

namespace {

using kraft::Byte;
using kraft::Bytes;
using kraft::ByteView;

struct Settings {
  std::vector<std::string> models = {"gzip:9"};
  std::vector<std::size_t> contexts = {32768, 131072};
  std::size_t truth_bytes = 4000;
  std::size_t places = 8;
  std::size_t positions = 40;
  unsigned threads = 0;
  std::string timed;
  std::string pixels = "gray";
  bool hindsight = false;
};

struct Input {
  std::string name;
  Bytes bytes;
  kraft::Geometry geometry = {};
  std::size_t row_bytes = 1;
};

struct Mean {
  double mean = 0;
  double error = 0;
};

Mean mean_of(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  const auto n = static_cast<double>(values.size());
  for (const double v : values) squares += (v - sum / n) * (v - sum / n);
  return {sum / n, values.size() < 2 ? 0 : std::sqrt(squares / (n - 1) / n)};
}

// Of the sums, with the standard error of a ratio estimate (Cochran, "Sampling Techniques", 1977,
// section 2.11): places that cost next to nothing weigh next to nothing.
Mean ratio_of(const std::vector<double>& above, const std::vector<double>& below) {
  const double ratio = mean_of(above).mean / mean_of(below).mean;
  std::vector<double> rests;
  for (std::size_t i = 0; i < above.size(); ++i) rests.push_back(above[i] - ratio * below[i]);
  return {ratio, mean_of(rests).error / mean_of(below).mean};
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

double linear_light(Byte srgb) {
  const double v = srgb / 255.0;
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

// Each pixel the mean of four, in linear light.
kraft::Image of_16_bits_at_half_size(const kraft::Image& image) {
  const std::size_t channels = image.channels;
  kraft::Image half{.width = image.width / 2,
                    .height = image.height / 2,
                    .channels = image.channels,
                    .depth_bits = 16,
                    .samples = {}};
  for (std::size_t y = 0; y < half.height; ++y) {
    for (std::size_t x = 0; x < half.width * channels; ++x) {
      const std::size_t column = x / channels * 2 * channels + x % channels;
      double sum = 0;
      for (const std::size_t of : {2 * y * image.row_bytes(), (2 * y + 1) * image.row_bytes()})
        sum += linear_light(image.samples[of + column]) +
               linear_light(image.samples[of + column + channels]);
      const auto mean = static_cast<unsigned>(std::lround(65535 * sum / 4));
      half.samples.push_back(static_cast<Byte>(mean >> 8));
      half.samples.push_back(static_cast<Byte>(mean));
    }
  }
  return half;
}

kraft::Image read_picture(ByteView file, const std::string& pixels) {
  kraft::Image image = kraft::read_image(file);
  if (pixels == "rgb") return image;
  if (pixels == "rgb16") {
    if (image.depth_bits != 8) throw kraft::Error("rgb16: expected a picture of 8 bits");
    return of_16_bits_at_half_size(image);
  }
  if (pixels == "gray16" && image.depth_bits == 8) {
    Bytes wide;
    for (const Byte sample : image.samples) wide.insert(wide.end(), 2, sample);  // 257 times it
    image.samples = std::move(wide);
    image.depth_bits = 16;
  }
  return kraft::to_gray(image);
}

Input read_file(const std::string& path, const std::string& pixels) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw kraft::Error(path + ": cannot be read");
  const Bytes file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  switch (kraft::infer_medium(file)) {
    case kraft::Medium::image: {
      kraft::Image image = read_picture(file, pixels);
      return {path, image.samples, image.geometry(), image.row_bytes()};
    }
    case kraft::Medium::audio: {
      kraft::Audio audio = kraft::read_audio(file, kraft::Encoding::u8);
      return {path, audio.samples, audio.geometry(), audio.channels};
    }
    default:
      return {path, file};
  }
}

Input read_input(const std::string& argument, const std::string& pixels) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos) throw kraft::Error(argument + ": expected NAME=FILE[+FILE...]");
  const std::vector<std::string> paths = split(argument.substr(equals + 1), '+');
  Input input = read_file(paths[0], pixels);
  input.name = argument.substr(0, equals);
  if (paths.size() > 1) input = {input.name, std::move(input.bytes)};
  for (std::size_t i = 1; i < paths.size(); ++i)
    kraft::append(input.bytes, read_file(paths[i], pixels).bytes);
  return input;
}

// ---- What one place says ---------------------------------------------------------------------

struct Place {
  double own = 0, encoder = 0, decoder = 0, hindsight = 0;  // bits per byte
};

bool has_decoder(const std::string& spec) {
  return kraft::has_decoder_view(kraft::find_backend(kraft::Spec::parse(spec).name));
}

double own_bits(const std::string& spec, const kraft::Geometry& geometry, ByteView context,
                ByteView truth) {
  const auto encoder = kraft::make_codec(spec, geometry)->encoder();
  Bytes both(context.begin(), context.end());
  kraft::append(both, truth);
  return encoder->code_length(both) - encoder->code_length(context);
}

// The encoder's view of the whole context, where a model by itself compresses the end of it only.
std::shared_ptr<const kraft::Model> encoder_model(const std::string& spec,
                                                  const kraft::Geometry& geometry) {
  try {
    return kraft::make_model(spec + ",context=0", {.threads = 1, .geometry = geometry});
  } catch (const kraft::UsageError&) {
    return kraft::make_model(spec, {.threads = 1, .geometry = geometry});
  }
}

// The positions of a place, one in each of so many equal parts of the truth: at its beginning, or
// in a picture, whose rows may be as long, anywhere in it.
std::vector<std::size_t> positions_of(const Settings& settings, const Input& input,
                                      std::size_t place, std::size_t truth_bytes) {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < settings.positions; ++i) {
    double within = 0;
    if (input.row_bytes > 1)
      within = std::fmod(
          static_cast<double>(place * settings.positions + i + 1) * std::numbers::phi, 1.0);
    positions.push_back(static_cast<std::size_t>((static_cast<double>(i) + within) *
                                                 static_cast<double>(truth_bytes) /
                                                 static_cast<double>(settings.positions)));
  }
  return positions;
}

double encoder_bits(const std::string& spec, const kraft::Geometry& geometry, ByteView context,
                    ByteView truth, const std::vector<std::size_t>& positions) {
  const auto state = encoder_model(spec, geometry)->start(context);
  double sum = 0;
  std::array<double, 256> bits;
  std::size_t at = 0;
  for (const std::size_t next : positions) {
    state->observe(truth.subspan(at, next - at));
    at = next;
    state->next_byte(bits);
    sum += kraft::surprisal_bits(bits, truth[at]);
  }
  return sum / static_cast<double>(positions.size());
}

double decoder_bits(const std::string& spec, const kraft::Geometry& geometry, ByteView context,
                    ByteView truth) {
  const auto model = kraft::make_model(spec + ",view=decoder", {.geometry = geometry});
  const auto state = model->start(context);
  double bits = 0;
  state->measure({&truth, 1}, {&bits, 1});
  return bits;
}

// What the stream of a picture pays for its last bytes, of a jxl model.
double bits_in_hindsight(const std::string& spec, const kraft::Geometry& geometry, ByteView picture,
                         std::size_t bytes) {
  const int effort = std::stoi(kraft::Spec::parse(spec).argument.value_or("7"));
  const auto size = [](const std::optional<std::int64_t>& value) {
    return static_cast<std::size_t>(value.value());
  };
  const kraft::Shape shape{size(geometry.width), size(geometry.channels), size(geometry.depth)};
  Bytes stream = kraft::jxl::codec_for_view(shape, effort)->encode(picture);
  stream.pop_back();  // the number of bytes that completed it
  kraft::jxl::PixelView view(kraft::jxl::read_stream(stream, picture.size()));
  std::array<double, 256> masses;
  double bits = 0;
  const std::size_t pixel_bytes = shape.pixel_bytes();
  for (std::size_t i = 0; i < picture.size(); ++i) {
    const std::size_t begun = i % pixel_bytes;
    if (i >= picture.size() - bytes) {
      view.masses(picture.subspan(i - begun, begun), masses);
      bits -= std::log2(masses[picture[i]] / std::accumulate(masses.begin(), masses.end(), 0.0));
    }
    if (begun + 1 == pixel_bytes) view.push(picture.subspan(i - begun, pixel_bytes));
  }
  return bits;
}

Place measure(const Settings& settings, const std::string& spec, const Input& input,
              std::size_t context_bytes, std::size_t index) {
  const auto whole = [&](std::size_t bytes) { return bytes - bytes % input.row_bytes; };
  const std::size_t truth_bytes =
      std::max(whole(settings.truth_bytes + input.row_bytes - 1), input.row_bytes);
  context_bytes = whole(context_bytes);
  const std::size_t free = input.bytes.size() - context_bytes - truth_bytes;
  const std::size_t begin = whole(settings.places < 2 ? 0 : free * index / (settings.places - 1));
  const ByteView context = ByteView(input.bytes).subspan(begin, context_bytes);
  const ByteView truth = ByteView(input.bytes).subspan(begin + context_bytes, truth_bytes);
  const auto bytes = static_cast<double>(truth_bytes);
  Place place;
  place.own = own_bits(spec, input.geometry, context, truth) / bytes;
  if (settings.positions > 0)
    place.encoder = encoder_bits(spec, input.geometry, context, truth,
                                 positions_of(settings, input, index, truth_bytes));
  if (has_decoder(spec)) place.decoder = decoder_bits(spec, input.geometry, context, truth) / bytes;
  if (settings.hindsight)
    place.hindsight =
        bits_in_hindsight(spec, input.geometry,
                          ByteView(input.bytes).subspan(begin, context_bytes + truth_bytes),
                          truth_bytes) /
        bytes;
  return place;
}

void print_row(const Settings& settings, const std::string& spec, const Input& input,
               std::size_t context_bytes) {
  std::vector<Place> places(settings.places);
  kraft::ThreadPool(settings.threads).run(places.size(), [&](std::size_t i, unsigned) {
    places[i] = measure(settings, spec, input, context_bytes, i);
  });
  std::vector<double> own, encoder, decoder, hindsight;
  for (const Place& place : places) {
    own.push_back(place.own);
    encoder.push_back(place.encoder);
    decoder.push_back(place.decoder);
    hindsight.push_back(place.hindsight);
  }
  const Mean o = mean_of(own), e = mean_of(encoder), d = mean_of(decoder);
  const Mean r = ratio_of(decoder, own);
  std::printf("| %s | %zu KiB | %s | %.2f ± %.2f |", input.name.c_str(), context_bytes >> 10,
              spec.c_str(), o.mean, o.error);
  if (settings.positions > 0)
    std::printf(" %.2f ± %.2f |", e.mean, e.error);
  else
    std::printf(" - |");
  if (has_decoder(spec))
    std::printf(" %.2f ± %.2f | %.3f ± %.3f |", d.mean, d.error, r.mean, r.error);
  else
    std::printf(" - | - |");
  const Mean h = ratio_of(hindsight, own);
  if (settings.hindsight) std::printf(" %.3f ± %.3f |", h.mean, h.error);
  std::printf("\n");
  std::fflush(stdout);
}

void print_table(const Settings& settings, const std::vector<Input>& inputs) {
  std::printf("| data | context | codec | own rate | encoder's view | decoder's view | ratio |%s\n",
              settings.hindsight ? " hindsight |" : "");
  std::printf("|---|--:|---|--:|--:|--:|--:|%s\n", settings.hindsight ? "--:|" : "");
  for (const std::string& spec : settings.models) {
    for (const Input& input : inputs) {
      for (const std::size_t context_bytes : settings.contexts) {
        if (input.bytes.size() >
            context_bytes + settings.truth_bytes + 2 * input.row_bytes + settings.places)
          print_row(settings, spec, input, context_bytes);
        else
          std::fprintf(stderr, "%s: too short for a context of %zu bytes\n", input.name.c_str(),
                       context_bytes);
      }
    }
  }
}

// ---- Time ------------------------------------------------------------------------------------

double now_us() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

struct Timed {
  std::vector<double> observe_us, next_us;
  double bits = 0, count = 0;
};

void time_round(const std::string& spec, const kraft::Geometry& geometry, ByteView context,
                ByteView truth, Timed& timed) {
  const auto state = kraft::make_model(spec, {.threads = 1, .geometry = geometry})->start(context);
  std::array<double, 256> bits;
  double observe_us = 0, next_us = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double begin = now_us();
    state->next_byte(bits);
    const double between = now_us();
    state->observe(truth.subspan(i, 1));
    observe_us += now_us() - between;
    next_us += between - begin;
    timed.bits += kraft::surprisal_bits(bits, truth[i]);
    ++timed.count;
  }
  timed.observe_us.push_back(observe_us / static_cast<double>(truth.size()));
  timed.next_us.push_back(next_us / static_cast<double>(truth.size()));
}

void print_times(const Settings& settings, const std::vector<Input>& inputs) {
  constexpr std::size_t kRounds = 5, kTimedBytes = 4200;  // across a refresh
  std::printf(
      "| data | view | a distribution, us | a byte observed, us | bits per byte | "
      "time, ratio |\n|---|---|--:|--:|--:|--:|\n");
  for (const Input& input : inputs) {
    for (const std::size_t context_bytes : settings.contexts) {
      Timed encoder, decoder;
      for (std::size_t round = 0; round < kRounds; ++round) {
        const std::size_t at = (input.bytes.size() - context_bytes - kTimedBytes) * round / kRounds;
        const ByteView context = ByteView(input.bytes).subspan(at, context_bytes);
        const ByteView truth = ByteView(input.bytes).subspan(at + context_bytes, kTimedBytes);
        time_round(settings.timed, input.geometry, context, truth, encoder);
        time_round(settings.timed + ",view=decoder", input.geometry, context, truth, decoder);
      }
      std::vector<double> ratios;
      for (std::size_t round = 0; round < kRounds; ++round)
        ratios.push_back((encoder.next_us[round] + encoder.observe_us[round]) /
                         (decoder.next_us[round] + decoder.observe_us[round]));
      for (const auto& [view, timed] : {std::pair("encoder", &encoder), {"decoder", &decoder}}) {
        std::printf("| %s, %zu KiB | %s | %.1f | %.1f | %.2f |", input.name.c_str(),
                    context_bytes >> 10, view, median(timed->next_us), median(timed->observe_us),
                    timed->bits / timed->count);
        if (timed == &encoder)
          std::printf(" 1 |\n");
        else
          std::printf(" %.2f (%.2f..%.2f) |\n", median(ratios), *std::ranges::min_element(ratios),
                      *std::ranges::max_element(ratios));
      }
    }
  }
}

int run(int argc, char** argv) {
  Settings settings;
  std::vector<std::string> named;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (!option.starts_with("--")) {
      named.push_back(option);
      continue;
    }
    if (++i == argc) throw kraft::UsageError(option + " needs a value");
    const std::string value = argv[i];
    const auto number = [&value] { return static_cast<std::size_t>(std::stoul(value)); };
    if (option == "--models") {
      settings.models = split(value, ' ');
    } else if (option == "--contexts") {
      settings.contexts.clear();
      for (const std::string& bytes : split(value, ','))
        settings.contexts.push_back(std::stoul(bytes));
    } else if (option == "--truth") {
      settings.truth_bytes = number();
    } else if (option == "--places") {
      settings.places = number();
    } else if (option == "--positions") {
      settings.positions = number();
    } else if (option == "--threads") {
      settings.threads = static_cast<unsigned>(number());
    } else if (option == "--time") {
      settings.timed = value;
    } else if (option == "--hindsight") {
      if (value != "yes" && value != "no")
        throw kraft::UsageError("--hindsight: expected yes or no, not '" + value + "'");
      settings.hindsight = value == "yes";
    } else if (option == "--pixels") {
      if (value != "gray" && value != "rgb" && value != "gray16" && value != "rgb16")
        throw kraft::UsageError("--pixels: expected gray, rgb, gray16 or rgb16, not '" + value +
                                "'");
      settings.pixels = value;
    } else {
      throw kraft::UsageError("unknown option " + option);
    }
  }
  for (const std::string& model : settings.models) {
    if (settings.hindsight && kraft::Spec::parse(model).name != "jxl")
      throw kraft::UsageError("--hindsight is of jxl, not of " + model);
  }
  if (named.empty()) throw kraft::UsageError("no input: expected NAME=FILE[+FILE...]");
  std::vector<Input> inputs;
  for (const std::string& argument : named) inputs.push_back(read_input(argument, settings.pixels));
  if (settings.timed.empty())
    print_table(settings, inputs);
  else
    print_times(settings, inputs);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "views_table: %s\n", error.what());
    return 1;
  }
}
