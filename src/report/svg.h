// What plots are made of: pieces of SVG 1.1.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace kraft::svg {

inline constexpr std::array kColours = {"#1b6ca8", "#d1495b", "#3a7d44", "#8e5ea2",
                                        "#c98a1b", "#4b4b4b", "#17a2a2", "#a34a28"};

// From values to places in the picture.
struct Scale {
  double low = 0, high = 1;  // of the values; above 0 if logarithmic
  double from = 0, to = 1;   // of the picture
  bool logarithmic = false;

  double operator()(double value) const;
  // Round values between low and high: about five steps of 1, 2 or 5 times a power of ten; on a
  // logarithmic scale 1, 2 and 5 times each power, or the powers alone where there are many.
  std::vector<double> ticks() const;
};

std::string number(double value);              // with one digit after the point
std::string escaped(const std::string& text);  // for text between tags
std::string text_at(double x, double y, const char* anchor, const std::string& text);
std::string line(double x1, double y1, double x2, double y2, const char* style);

// A white picture with what is drawn in it.
std::string document(double width, double height, const std::string& body);

}  // namespace kraft::svg
