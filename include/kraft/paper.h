// The terms of Deletang et al., "Language Modeling Is Compression" (ICLR 2024, arXiv 2309.10668),
// whose experiments kraft repeats: see kraft/tasks/reproduce.h.
#pragma once

#include "kraft/media.h"

namespace kraft {

// Its data; those of Medium::bytes are random.
inline constexpr Medium kPaperMedia[] = {Medium::text, Medium::image, Medium::audio, Medium::bytes};

// What it calls them: "text", "images", "audio", "random".
const char* paper_name(Medium medium);

// How data are compressed: in chunks of 2048 bytes, each by itself, or all at once.
enum class Layout { chunked, unchunked };
const char* name_of(Layout layout);

// Its experiments: rates (table 1), with the model's size over the amount of data (figure 2), what
// models draw (figure 3), rates over the length of what is compressed (figure 4), and under
// different vocabularies (table 2). And two that it lacks: what codecs pay beside what their two
// views expect (docs/views.md), and which model predicts and dreams best (docs/league.md).
enum class Experiment { table1, fig2, fig3, fig4, table2, views, league };
inline constexpr Experiment kExperiments[] = {
    Experiment::table1, Experiment::fig2,  Experiment::fig3,  Experiment::fig4,
    Experiment::table2, Experiment::views, Experiment::league};
const char* name_of(Experiment experiment);

}  // namespace kraft
