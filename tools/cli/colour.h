// Colours on a terminal, given to text that is ready: libraries write plain text.
#pragma once

#include <string>
#include <string_view>

namespace retort::cli {

/// Whether stdout or stderr wants colours: a terminal that knows them (TERM is not `dumb`), or CLICOLOR_FORCE is set;
/// never where NO_COLOR is (no-color.org).
bool OutputWantsColours();
bool ErrorWantsColours();

/// Text of RenderText, or of an error: severities, and the line with the caret.
std::string ColourDiagnostics(std::string_view text);

/// Text of DiffText: lines by their first character.
std::string ColourDiff(std::string_view text);

}  // namespace retort::cli
