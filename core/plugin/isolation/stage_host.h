// The process of a stage, from within: it loads one plugin, creates one stage of it, and does what the host asks.
#pragma once

namespace retort {

/// Where retort-stage-host finds its end of the connection.
inline constexpr int kStageHostSocket = 3;

/// Serve the host at kStageHostSocket until it says that it is done (0), or what it says cannot be read (1). Where the
/// host itself is gone, this process and its group end at once.
int ServeStage();

}  // namespace retort
