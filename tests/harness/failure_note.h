#pragma once

// Whether the running test case has failed so far. The doctest mains report each failed assertion
// here; fixtures ask on their way out whether to keep their logs and print the ends of them.
// Threads: any.

namespace harness {

void note_failure();
void forget_failures();  // at the begin of a test case

/// True after a failed assertion, and while an exception unwinds the stack.
bool test_is_failing();

}  // namespace harness
