// Pictures and recordings: arrays of NumPy as the library has them, and back.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "kraft/error.h"
#include "kraft/media.h"
#include "kraft/report.h"
#include "kraft/tasks/complete.h"
#include "kraft/tasks/options.h"
#include "python/bound.h"
#include "python/call.h"
#include "python/module.h"
#include "python/values.h"

namespace kraft::python {
namespace {

std::string dtype_of(const py::array& array) { return py::str(array.dtype()).cast<std::string>(); }

std::size_t dimension(const py::array& array, py::ssize_t index) {
  return index < array.ndim() ? static_cast<std::size_t>(array.shape(index)) : 1;
}

// The other order of the bytes of 16 bits.
void swap_pairs(Bytes& bytes) {
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) std::swap(bytes[at], bytes[at + 1]);
}

// What lies in an array from the first to the last item.
Bytes bytes_of_array(const py::array& array) {
  const auto whole = py::array::ensure(array, py::array::c_style);
  if (!whole) throw py::error_already_set();
  const auto* data = static_cast<const Byte*>(whole.data());
  return {data, data + whole.nbytes()};
}

Image image_of(const py::array& array) {
  const std::string type = dtype_of(array);
  if (type != "uint8" && type != "uint16")
    throw UsageError("a picture is an array of uint8 or uint16, not " + type);
  if (array.ndim() != 2 && array.ndim() != 3)
    throw UsageError(
        "a picture is an array of shape (height, width) or (height, width, channels), "
        "not of " +
        std::to_string(array.ndim()) + " dimensions");
  Image image{.width = dimension(array, 1),
              .height = dimension(array, 0),
              .channels = dimension(array, 2),
              .depth_bits = type == "uint8" ? std::size_t{8} : std::size_t{16}};
  if (image.channels < 1 || image.channels > 4)
    throw UsageError("a picture has 1 to 4 channels, not " + std::to_string(image.channels));
  if (image.width == 0 || image.height == 0) throw UsageError("the picture has no pixels");
  image.samples = bytes_of_array(array);
  if (image.depth_bits == 16) swap_pairs(image.samples);  // an Image has the high byte first
  return image;
}

// Gray without a third dimension, unless one is wanted.
py::array array_of(const Image& image, bool with_channels) {
  std::vector<py::ssize_t> shape = {static_cast<py::ssize_t>(image.height),
                                    static_cast<py::ssize_t>(image.width)};
  if (with_channels) shape.push_back(static_cast<py::ssize_t>(image.channels));
  py::array array(py::dtype(image.depth_bits == 8 ? "u1" : "u2"), shape);
  Bytes samples = image.samples;
  if (image.depth_bits == 16) swap_pairs(samples);
  std::memcpy(array.mutable_data(), samples.data(), samples.size());
  return array;
}

Audio audio_of(const py::array& array, std::uint32_t rate_hz, const std::string& encoding) {
  const std::string type = dtype_of(array);
  const bool fits = encoding == "s16" ? type == "int16" : type == "uint8";
  if (!fits)
    throw UsageError("a recording is an array of uint8, int16, float32 or float64, not " + type +
                     (type == "uint8" || type == "int16" ? " for " + encoding : ""));
  if (array.ndim() != 1 && array.ndim() != 2)
    throw UsageError("a recording is an array of shape (frames,) or (frames, channels), not of " +
                     std::to_string(array.ndim()) + " dimensions");
  Audio audio{.rate_hz = rate_hz, .channels = dimension(array, 1)};
  if (audio.channels == 0) throw UsageError("the recording has no channels");
  for (const Encoding known : {Encoding::u8, Encoding::mulaw, Encoding::s16}) {
    if (encoding == name_of(known)) audio.encoding = known;
  }
  audio.samples = bytes_of_array(array);
  return audio;
}

py::array array_of(const Audio& audio, bool with_channels) {
  std::vector<py::ssize_t> shape = {static_cast<py::ssize_t>(audio.frames())};
  if (with_channels) shape.push_back(static_cast<py::ssize_t>(audio.channels));
  py::array array(py::dtype(audio.encoding == Encoding::s16 ? "i2" : "u1"), shape);
  std::memcpy(array.mutable_data(), audio.samples.data(), audio.samples.size());
  return array;
}

// The completions as arrays, and the JSON of all.
py::tuple complete_picture(const py::array& array, const py::object& models,
                           const std::optional<py::array>& mask, const py::dict& options) {
  ImageCompletionTask task;
  task.image = image_of(array);
  set_models(task, models);
  set_options(image_completion_options(), task, options);
  if (mask) task.mask = bytes_of_array(*mask);
  const ImageCompletionResult result =
      run([&](const Receiver& receiver) { return complete_image(task, receiver); });
  py::list arrays;
  for (const ImageCompletion& completion : result.completions)
    arrays.append(array_of(completion.image, array.ndim() == 3));
  return py::make_tuple(arrays, completion_json(task, result));
}

py::tuple complete_recording(const py::array& array, std::uint32_t rate_hz,
                             const std::string& encoding, const py::object& models,
                             const py::dict& options) {
  AudioCompletionTask task;
  task.audio = audio_of(array, rate_hz, encoding);
  set_models(task, models);
  set_options(audio_completion_options(), task, options);
  const AudioCompletionResult result =
      run([&](const Receiver& receiver) { return complete_audio(task, receiver); });
  py::list arrays;
  for (const AudioCompletion& completion : result.completions)
    arrays.append(array_of(completion.audio, array.ndim() == 2));
  return py::make_tuple(arrays, completion_json(task, result));
}

MediaInput media_input(const py::dict& options, Medium medium) {
  MediaInput input;
  set_options(media_input_options(), input, options);
  if (input.as) throw OptionError({"", "as", " has no meaning where the medium is known"});
  check(media_input_options(), input);
  check_media(media_input_options(), input, medium);
  return input;
}

py::array read_picture(const py::object& file, const py::dict& options) {
  const MediaInput input = media_input(options, Medium::image);
  const BytesArgument bytes(file, "file");
  const Image image = without_lock([&] { return read_image(input, bytes.view()); });
  return array_of(image, image.channels > 1);
}

py::tuple read_recording(const py::object& file, const py::dict& options) {
  const MediaInput input = media_input(options, Medium::audio);
  const BytesArgument bytes(file, "file");
  const Audio audio = without_lock([&] { return read_audio(input, bytes.view()); });
  return py::make_tuple(array_of(audio, audio.channels > 1), audio.rate_hz);
}

py::bytes write_picture(const py::array& array) {
  const Image image = image_of(array);
  return to_bytes(without_lock([&] { return write_png(image, interrupted); }));
}

py::bytes write_recording(const py::array& array, std::uint32_t rate_hz,
                          const std::string& encoding, const std::string& format) {
  const Audio audio = audio_of(array, rate_hz, encoding);
  const AudioFormat as = audio_format_of("." + format);
  return to_bytes(without_lock([&] { return write_audio(audio, as); }));
}

}  // namespace

void add_media(py::module_& module) {
  module.def("complete_image", complete_picture);
  module.def("complete_audio", complete_recording);
  module.def("read_image", read_picture);
  module.def("read_audio", read_recording);
  module.def("write_image", write_picture);
  module.def("write_audio", write_recording);
}

}  // namespace kraft::python
