// PNG (ISO/IEC 15948) files of raw samples, as libpng writes them, and as a model.
#include "codecs/png.h"

#include <algorithm>

#include "codecs/decoding.h"
#include "codecs/png_file.h"
#include "codecs/shape.h"
#include "kraft/error.h"
#include "registry/backends.h"

namespace kraft {
namespace {

class PngEncoder final : public ShapedEncoder {
 public:
  PngEncoder(const Shape& shape, int level, PngFilter filter)
      : shape_(shape), level_(level), filter_(filter) {}

 private:
  std::size_t write(ByteView message, Bytes& file) override {
    const std::size_t added_bytes = complete(message, shape_, /*least_rows=*/1, rows_);
    writer_.write(
        {shape_.width, rows_.size() / shape_.row_bytes(), shape_.channels, shape_.depth_bits},
        rows_, level_, filter_, file);
    return added_bytes;
  }

  Shape shape_;
  int level_;
  PngFilter filter_;
  PngWriter writer_;
  Bytes rows_;
};

class PngCodec final : public Codec {
 public:
  PngCodec(const Shape& shape, int level, PngFilter filter)
      : shape_(shape), level_(level), filter_(filter) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<PngEncoder>(shape_, level_, filter_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    Bytes rows;
    ByteView rest;
    try {
      rest = read(stream, limit_bytes, rows);
    } catch (const PngError& error) {
      if (error.truncated) fail_truncated("png");
      fail_damaged("png", error.what());
    }
    remove_added("png", rest, limit_bytes, rows);
    return rows;
  }

  std::size_t alignment_bytes() const override { return shape_.row_bytes(); }

 private:
  ByteView read(ByteView stream, std::size_t limit_bytes, Bytes& rows) const {
    PngReader reader(stream, /*expand=*/false, shape_.row_bytes());
    const PngHeader& header = reader.header();
    if (header != PngHeader{shape_.width, header.height, shape_.channels, shape_.depth_bits} ||
        reader.interlaced())
      fail_damaged("png", "its pixels are of another shape");
    expect_within("png", header.height, shape_, limit_bytes);
    const std::size_t row_bytes = shape_.row_bytes();
    for (std::size_t y = 0; y < header.height; ++y) {
      // Memory follows the data, not the height that the header claims.
      if (rows.capacity() < rows.size() + row_bytes) rows.reserve(2 * rows.size() + row_bytes);
      rows.resize(rows.size() + row_bytes);
      reader.read_row(rows.data() + y * row_bytes);
    }
    return reader.finish();
  }

  Shape shape_;
  int level_;
  PngFilter filter_;
};

std::shared_ptr<const Codec> make_png(const Arguments& arguments) {
  const auto choice = std::ranges::find(png::kFilterNames, arguments.text("filter"));
  const auto number = static_cast<int>(choice - png::kFilterNames.begin()) - png::kMeans;
  const auto filter = static_cast<PngFilter>(std::max(number + 1, 0));  // adaptive comes first
  return std::make_shared<PngCodec>(shape_of(arguments),
                                    static_cast<int>(arguments.integer("level")), filter);
}

}  // namespace

Backend png_backend() {
  Backend row;
  row.name = "png";
  row.summary = "images: filtered rows in DEFLATE";
  row.argument = Parameter::integer("level", 0, 9, "6", "zlib's: 0 stores, 9 is smallest");
  row.parameters = {
      width_parameter(1'000'000),
      Parameter::integer("channels", 1, 4, "1", "gray, gray and alpha, RGB, RGB and alpha"),
      Parameter::choice("depth", {"8", "16"}, "8", "bits of a sample; 16: high byte first"),
      Parameter::choice("filter", {png::kFilterNames.begin(), png::kFilterNames.end()}, "product",
                        "of each row; product, mix: the model takes the geometric or the "
                        "arithmetic mean of all five, a file the best for each row"),
      Parameter::on_off("wrap", "off", "whether the model allows residuals that wrap around"),
      Parameter::choice("engine", {"auto", "twin", "clone", "recompress"}, "auto",
                        "how lengths are measured; recompress: whole files"),
  };
  for (std::size_t i = 4; i < row.parameters.size(); ++i) row.parameters[i].of_model = true;
  for (Parameter& parameter : measured_context_parameters()) {
    parameter.meaning = "engine=recompress: " + parameter.meaning;
    row.parameters.push_back(std::move(parameter));
  }
  row.granularity = Granularity::fractional;
  row.window = "32 KiB";
  row.library = png_library;
  row.engine = png::usable_engine;
  row.make_codec = make_png;
  row.make_model = [](const Arguments& arguments, const ModelOptions& options) {
    return png::make_model(make_png(arguments), arguments, options);
  };
  return row;
}

}  // namespace kraft
