// Pictures for looking at: an RGB canvas with text, and panels of labelled pictures on it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kraft/media.h"

namespace kraft {

using Colour = std::array<Byte, 3>;

inline constexpr Colour kBlack = {0, 0, 0};
inline constexpr Colour kWhite = {255, 255, 255};
inline constexpr Colour kGray = {128, 128, 128};

class Canvas {
 public:
  Canvas(std::size_t width, std::size_t height, Colour background = kWhite);

  void set(std::size_t x, std::size_t y, Colour colour);  // nothing beyond the edges
  void fill(std::size_t x, std::size_t y, std::size_t width, std::size_t height, Colour colour);
  // Each pixel becomes a square of `zoom` pixels; gray becomes RGB, alpha shows white behind.
  void draw(const Image& image, std::size_t x, std::size_t y, std::size_t zoom = 1);
  // One line of ASCII; other characters become '?'.
  void write(const std::string& text, std::size_t x, std::size_t y, Colour colour = kBlack);

  const Image& image() const { return image_; }

 private:
  Image image_;
};

inline constexpr std::size_t kLineHeight = 24;  // of text, in pixels
std::size_t text_width(const std::string& text);

// Breaks a label into lines of at most `width` pixels: at spaces and after commas, else anywhere.
std::vector<std::string> broken(const std::string& text, std::size_t width);

struct Picture {
  std::string label;
  Image image;
};

// Rows of pictures of the same size, each below its label; small ones are enlarged. A place may be
// empty (an image without pixels). Throws Error when it would be larger than an image may be, and
// Cancelled as soon as `cancelled` says so.
Image panel(const std::vector<std::vector<Picture>>& rows,
            const std::function<bool()>& cancelled = {});

// Throws that Error before the pictures are drawn: so many of that size.
void expect_panel_fits(std::size_t rows, std::size_t columns, std::size_t width,
                       std::size_t height);

}  // namespace kraft
