// How files of each format begin or, for some TGA files, end.
#pragma once

#include <string_view>

#include "kraft/bytes.h"

namespace kraft {

// The format of an image whose header makes sense: "PNG", "JPEG", "GIF", "BMP", "PNM" or "TGA".
// Else the one whose signature the file has, unless it is a text that begins by chance like that;
// else "".
std::string_view image_format(ByteView file);

// The same for a file of which somebody says that it is an image: the one that it is most likely
// meant to be, so that an error says what is wrong with it.
std::string_view claimed_image_format(ByteView file);

// Whether the file is a recording, likewise.
bool is_audio(ByteView file);

bool is_text(ByteView file);

// Headers that decide.
bool has_gif_header(ByteView file);
bool has_pnm_header(ByteView file);
bool resembles_tga(ByteView file);       // and has as many bytes as the header says
bool has_known_tga_kind(ByteView file);  // no more than that

}  // namespace kraft
