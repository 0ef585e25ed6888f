#pragma once

// Where no file system may be mounted, a test says so and is skipped (ctest goes by the word).

namespace powercut {

/// True: say no more, return.
bool skipped();

}  // namespace powercut
