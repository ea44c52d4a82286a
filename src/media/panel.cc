#include "media/panel.h"

#include <stb_easy_font.h>

#include <algorithm>

#include "kraft/error.h"
#include "media/readers.h"

namespace kraft {
namespace {

constexpr std::size_t kTextZoom = 2;
constexpr std::size_t kMargin = 12;
constexpr std::size_t kSmallest = 200;  // pixels across that a picture should have at least
constexpr std::size_t kTallest = 1000;  // pixels that none is enlarged beyond

std::string ascii(const std::string& text) {
  std::string shown = text;
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return shown;
}

Colour colour_at(const Image& image, std::size_t x, std::size_t y) {
  const std::size_t step = image.depth_bits / 8;  // of 16 bits, the high byte comes first
  const Byte* pixel = image.samples.data() + y * image.row_bytes() + x * image.pixel_bytes();
  const std::size_t green = image.channels >= 3 ? step : 0,
                    blue = image.channels >= 3 ? 2 * step : 0;
  Colour colour = {pixel[0], pixel[green], pixel[blue]};
  if (image.channels % 2 == 0) {
    const int alpha = pixel[(image.channels - 1) * step];
    for (Byte& c : colour) c = static_cast<Byte>((c * alpha + 255 * (255 - alpha)) / 255);
  }
  return colour;
}

}  // namespace

Canvas::Canvas(std::size_t width, std::size_t height, Colour background)
    : image_(blank_image("panel", width, height, 3, 8)) {
  fill(0, 0, width, height, background);
}

void Canvas::set(std::size_t x, std::size_t y, Colour colour) {
  if (x >= image_.width || y >= image_.height) return;
  std::copy(colour.begin(), colour.end(),
            image_.samples.begin() + static_cast<std::ptrdiff_t>(3 * (y * image_.width + x)));
}

void Canvas::fill(std::size_t x, std::size_t y, std::size_t width, std::size_t height,
                  Colour colour) {
  for (std::size_t dy = 0; dy < height; ++dy) {
    for (std::size_t dx = 0; dx < width; ++dx) set(x + dx, y + dy, colour);
  }
}

void Canvas::draw(const Image& image, std::size_t x, std::size_t y, std::size_t zoom) {
  for (std::size_t dy = 0; dy < image.height; ++dy) {
    for (std::size_t dx = 0; dx < image.width; ++dx)
      fill(x + dx * zoom, y + dy * zoom, zoom, zoom, colour_at(image, dx, dy));
  }
}

// The font's strokes come as rectangles: four corners each, 16 bytes to a corner, x and y first.
void Canvas::write(const std::string& text, std::size_t x, std::size_t y, Colour colour) {
  struct Corner {
    float x, y, z;
    unsigned char colour[4];
  };
  std::string shown = ascii(text);
  std::vector<Corner> corners(shown.size() * 80 + 4);
  const int count = stb_easy_font_print(0, 0, shown.data(), nullptr, corners.data(),
                                        static_cast<int>(corners.size() * sizeof(Corner)));
  for (int i = 0; i < count; ++i) {
    const Corner& from = corners[4 * static_cast<std::size_t>(i)];
    const Corner& to = corners[4 * static_cast<std::size_t>(i) + 2];
    const auto left = static_cast<std::size_t>(from.x), top = static_cast<std::size_t>(from.y);
    fill(x + left * kTextZoom, y + top * kTextZoom,
         (static_cast<std::size_t>(to.x) - left) * kTextZoom,
         (static_cast<std::size_t>(to.y) - top) * kTextZoom, colour);
  }
}

std::size_t text_width(const std::string& text) {
  std::string shown = ascii(text);
  return kTextZoom * static_cast<std::size_t>(stb_easy_font_width(shown.data()));
}

std::vector<std::string> broken(const std::string& text, std::size_t width) {
  std::vector<std::string> lines = {""};
  std::size_t last_break = 0;  // in the last line; 0: none
  for (const char c : text) {
    lines.back() += c;
    if (text_width(lines.back()) > width && lines.back().size() > 1) {
      const std::size_t cut = last_break > 0 ? last_break : lines.back().size() - 1;
      std::string rest = lines.back().substr(cut);
      lines.back().resize(cut);
      lines.push_back(std::move(rest));
      last_break = 0;
    }
    if (c == ' ' || c == ',') last_break = lines.back().size();
  }
  return lines;
}

namespace {

// Small pictures are enlarged until they are wide enough to have a label, but not to any height.
std::size_t zoom_of(std::size_t width, std::size_t height) {
  const std::size_t wanted = (kSmallest + width - 1) / width;
  return std::max<std::size_t>(1, std::min(wanted, kTallest / height));
}

}  // namespace

void expect_panel_fits(std::size_t rows, std::size_t columns, std::size_t width,
                       std::size_t height) {
  constexpr std::size_t kLabelLines = 4;
  const std::size_t zoom = zoom_of(width, height);
  const std::size_t cell_width = std::max(width * zoom, kSmallest) + kMargin;
  const std::size_t cell_height = height * zoom + kLabelLines * kLineHeight + kMargin;
  // Each factor is checked before they are multiplied.
  check_size("panel", columns, rows, 1, 8);
  check_size("panel", kMargin + columns * cell_width, kMargin + rows * cell_height, 3, 8);
}

Image panel(const std::vector<std::vector<Picture>>& rows, const std::function<bool()>& cancelled) {
  std::size_t width = 1, height = 1, columns = 1;
  for (const auto& row : rows) {
    columns = std::max(columns, row.size());
    for (const Picture& picture : row) {
      width = std::max(width, picture.image.width);
      height = std::max(height, picture.image.height);
    }
  }
  const std::size_t zoom = zoom_of(width, height);
  const std::size_t cell_width = std::max(width * zoom, kSmallest);
  std::vector<std::size_t> label_heights;
  std::size_t total_height = kMargin;
  for (const auto& row : rows) {
    std::size_t lines = 1;
    for (const Picture& picture : row)
      lines = std::max(lines, broken(picture.label, cell_width).size());
    label_heights.push_back(lines * kLineHeight);
    total_height += label_heights.back() + height * zoom + kMargin;
  }

  Canvas canvas(kMargin + columns * (cell_width + kMargin), total_height);
  std::size_t y = kMargin;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::size_t x = kMargin;
    for (const Picture& picture : rows[r]) {
      if (cancelled && cancelled()) throw Cancelled("drawing a panel was given up");
      std::size_t line_y = y;
      for (const std::string& line : broken(picture.label, cell_width)) {
        canvas.write(line, x, line_y);
        line_y += kLineHeight;
      }
      canvas.draw(picture.image, x, y + label_heights[r], zoom);
      x += cell_width + kMargin;
    }
    y += label_heights[r] + height * zoom + kMargin;
  }
  return canvas.image();
}

}  // namespace kraft
