// What a process must settle about its standard streams before it opens anything.
#pragma once

namespace retort::cli {

/// Open /dev/null where stdin, stdout or stderr was closed by the caller, so that no file of the run takes its number
/// and gets what was meant for the stream. It is opened the wrong way round: reading or writing fails, as it should.
void OccupyClosedStreams();

/// Make a closed pipe and a file that outgrows its limit errors of write, not the end of the process.
void TurnWriteSignalsIntoErrors();

}  // namespace retort::cli
