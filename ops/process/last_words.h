#pragma once

// An uncaught exception ends the process: its state is unknown then, and a process may be killed at
// any instant without loss. This writes the reason to the log first.

#include <string>

namespace vsim::process {

/// From now on a log line of level error names the cause before the process aborts: an exception
/// that leaves a thread's body, also of a library's thread or of one that a C library calls back
/// on, main(), a destructor or a noexcept function; or a call of std::terminate(). One handler for
/// all, instead of a catch in each thread's body, which a new thread could lack, which cannot be
/// where the thread is a library's, and which would unwind the stack that a core dump shows. Once,
/// in main, after log::set_up().
void leave_last_words();

/// The text of the exception that is being handled, for a catch-all.
std::string what_was_thrown();

/// Names the calling thread, for that line and for the system's lists of threads; the first 15
/// bytes count.
void name_thread(const char* name);

}  // namespace vsim::process
