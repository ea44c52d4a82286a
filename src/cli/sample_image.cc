// kraft sample on images: parts of a picture are drawn, the rest is given.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/text.h"
#include "cli/completion.h"
#include "cli/sample.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "media/panel.h"
#include "run/interrupts.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

// Which pixels are drawn, in raster order.
using Mask = std::vector<bool>;

Mask rows_mask(const Image& image, std::int64_t rows) {
  if (rows < 0 || static_cast<std::uint64_t>(rows) > image.height)
    throw UsageError("--rows " + std::to_string(rows) + " is out of range: the image has " +
                     std::to_string(image.height) + " rows");
  Mask mask(image.width * image.height);
  std::fill(mask.end() - static_cast<std::ptrdiff_t>(image.width) * rows, mask.end(), true);
  return mask;
}

Mask right_mask(const Image& image, std::int64_t from) {
  if (from < 0 || static_cast<std::uint64_t>(from) > image.width)
    throw UsageError("--right-from " + std::to_string(from) + " is out of range: the image is " +
                     std::to_string(image.width) + " pixels wide");
  Mask mask(image.width * image.height);
  for (std::size_t i = 0; i < mask.size(); ++i)
    mask[i] = i % image.width >= static_cast<std::size_t>(from);
  return mask;
}

Mask box_mask(const Image& image, const std::string& text) {
  const Box box = parse_box("box", text);
  cropped(image, box);  // throws if it is not inside
  Mask mask(image.width * image.height);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const std::size_t x = i % image.width, y = i / image.width;
    mask[i] = x >= box.x && x - box.x < box.width && y >= box.y && y - box.y < box.height;
  }
  return mask;
}

Mask file_mask(const Image& image, const std::string& path) {
  const Image picture = kraft::read_image(read_input(path, interrupted));
  warn_about(path, picture.warnings);
  if (picture.width != image.width || picture.height != image.height)
    throw Error("the mask " + printable(path) + " is " + std::to_string(picture.width) + " x " +
                std::to_string(picture.height) + " pixels, but the image is " +
                std::to_string(image.width) + " x " + std::to_string(image.height));
  try {
    return marked_pixels(picture);
  } catch (const Error& error) {
    throw Error("the mask " + printable(path) + ": " + error.what());
  }
}

void check_name(const char* option, const std::string& path) {
  try {
    expect_png_name(path);
  } catch (const UsageError& error) {
    throw UsageError("--" + std::string(option) + " " + error.what());
  }
}

Mask mask_of(const po::variables_map& values, const MediaOptions& options, const Image& image) {
  std::vector<const char*> given;
  for (const char* name : {"rows", "right-from", "box", "mask"}) {
    if (is_set(values, name)) given.push_back(name);
  }
  if (given.empty())
    throw UsageError("what to draw is missing: --rows, --right-from, --box or --mask");
  if (given.size() > 1) exclude(values, given[0], given[1]);
  const std::string what = given[0];
  if (what == "rows") return rows_mask(image, options.rows);
  if (what == "right-from") return right_mask(image, options.right_from);
  return what == "box" ? box_mask(image, options.box) : file_mask(image, options.mask);
}

bool rows_are_independent(const po::variables_map& values, const MediaOptions& options) {
  const std::string& which = options.rows_context;
  if (which != "none" && which != "above")
    throw UsageError("--rows-context '" + printable(which) + "' is none of none|above");
  if (is_set(values, "rows-context") && !is_set(values, "right-from"))
    throw UsageError("--rows-context needs --right-from");
  return is_set(values, "right-from") && which == "none";
}

Hole hole_of(const Image& image, const Mask& mask, bool independent_rows) {
  Hole hole{.bytes = image.samples,
            .sequences = {},
            .unit = "pixels",
            .unit_bytes = image.pixel_bytes(),
            .geometry = image.geometry()};
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const bool begins = i == 0 || (independent_rows && i % image.width == 0);
    if (begins) hole.sequences.emplace_back();
    Sequence& sequence = hole.sequences.back();
    const std::size_t at = i * image.pixel_bytes();
    if (sequence.empty() || sequence.back().drawn != mask[i]) sequence.push_back({at, at, mask[i]});
    sequence.back().end = at + image.pixel_bytes();
  }
  return hole;
}

// PSNR over the drawn samples; of 16 bits, over their high bytes.
double drawn_psnr_db(const Image& original, const Bytes& completed, const Mask& mask) {
  Bytes before, after;
  for (std::size_t at = 0; at < completed.size(); at += original.depth_bits / 8) {
    if (!mask[at / original.pixel_bytes()]) continue;
    before.push_back(original.samples[at]);
    after.push_back(completed[at]);
  }
  return psnr_db(before, after);
}

std::string decibels(double psnr) {
  if (!std::isfinite(psnr)) return "identical";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f dB", psnr);
  return text;
}

// The holes are filled with a pattern that photographs do not have.
Image context_picture(Image image, const Mask& mask) {
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (!mask[i]) continue;
    const bool light = (i % image.width / 4 + i / image.width / 4) % 2 == 0;
    std::fill_n(image.samples.begin() + static_cast<std::ptrdiff_t>(i * image.pixel_bytes()),
                image.pixel_bytes(), static_cast<Byte>(light ? 216 : 168));
    if (image.channels % 2 == 0)
      std::fill_n(image.samples.begin() + static_cast<std::ptrdiff_t>(
                                              (i + 1) * image.pixel_bytes() - image.depth_bits / 8),
                  image.depth_bits / 8, Byte{255});
  }
  return image;
}

// One row for each sample: the original and the context before the first, then the models.
Bytes panel_file(const SampleOptions& options, const Image& image, const Mask& mask,
                 const std::vector<Completion>& completions) {
  std::vector<std::vector<Picture>> rows(static_cast<std::size_t>(options.count));
  rows[0] = {{"original", image}, {"context", context_picture(image, mask)}};
  for (std::size_t r = 1; r < rows.size(); ++r) rows[r].resize(2);
  for (const Completion& completion : completions) {
    Image completed = image;
    completed.samples = completion.bytes;
    std::string label = completion.model;
    if (options.count > 1) label += " #" + std::to_string(completion.index + 1);
    label += " " + decibels(drawn_psnr_db(image, completion.bytes, mask));
    rows[static_cast<std::size_t>(completion.index)].push_back({label, std::move(completed)});
  }
  return write_png(panel(rows, interrupted), interrupted);
}

Json to_json(const SampleOptions& options, const Completion& completion, std::uint64_t drawn_bytes,
             double psnr) {
  Json json = {{"model", completion.spec},     {"sampler", options.sampler},
               {"seed", options.seed},         {"index", completion.index},
               {"drawn_bytes", drawn_bytes},   {"bits", completion.bits},
               {"seconds", completion.seconds}};
  json["psnr_db"] = std::isfinite(psnr) ? Json(psnr) : Json(nullptr);
  return json;
}

void report(const Completion& completion, std::uint64_t drawn_bytes, double psnr) {
  if (drawn_bytes == 0) return;
  char text[160];
  std::snprintf(text, sizeof text, ": %s bytes at %.3f bits each; PSNR %s; %.1f s",
                grouped(drawn_bytes).c_str(), completion.bits / static_cast<double>(drawn_bytes),
                decibels(psnr).c_str(), completion.seconds);
  note(completion.spec + text);
}

}  // namespace

int sample_image(const SampleOptions& options, const po::variables_map& values, ByteView file) {
  check_outputs(options, values);
  const bool independent_rows = rows_are_independent(values, options.media);
  check_name("output", options.output);
  check_name("panel", options.media.panel);
  const Image image = read_image(options.media, file);
  warn_about(options.context.inputs[0], image.warnings);
  if (!options.media.panel.empty())
    expect_panel_fits(static_cast<std::size_t>(options.count), 2 + options.models.size(),
                      image.width, image.height);
  const Mask mask = mask_of(values, options.media, image);
  const Hole hole = hole_of(image, mask, independent_rows);
  const std::vector<Completion> completions = complete(options, values, hole);
  if (interrupted()) return kInterruptedExit;

  Json results = Json::array();
  for (const Completion& completion : completions) {
    const double psnr = drawn_psnr_db(image, completion.bytes, mask);
    results.push_back(to_json(options, completion, hole.drawn_bytes(), psnr));
    if (values.count("quiet") == 0) report(completion, hole.drawn_bytes(), psnr);
  }
  if (!options.output.empty()) {
    Image completed = image;
    completed.samples = completions[0].bytes;
    write_file(options.output, write_png(completed, interrupted));
  }
  if (!options.media.panel.empty())
    write_file(options.media.panel, panel_file(options, image, mask, completions));
  if (values.count("json"))
    write_out((results.size() > 1 ? results : results.at(0)).dump(2) + "\n");
  return 0;
}

}  // namespace kraft::cli
