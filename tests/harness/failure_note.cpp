#include "tests/harness/failure_note.h"

#include <atomic>
#include <exception>

namespace harness {
namespace {
std::atomic<bool> failed{false};
}

void note_failure() { failed = true; }
void forget_failures() { failed = false; }
bool test_is_failing() { return failed || std::uncaught_exceptions() > 0; }

}  // namespace harness
