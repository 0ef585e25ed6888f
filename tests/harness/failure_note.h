#pragma once

// Whether the running test case has failed so far. The doctest mains report each failed assertion
// here; the destructors of fixtures ask whether to keep their logs and print the ends of them.
// Threads: any.

namespace harness {

void note_failure();
void forget_failures();  // at the beginning of a test case

/// True after a failed assertion, and while an exception unwinds the stack.
bool test_is_failing();

}  // namespace harness
