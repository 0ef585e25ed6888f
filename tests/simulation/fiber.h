#pragma once

// Fibers: lines of execution that one thread of the kernel runs in turns, each on a stack of its
// own. To hand over from one to another takes no system call. D81
//
// What code takes for its thread's own is its fiber's: the thread_local variables of the program
// and the exceptions under way. Those of shared libraries are shared.

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include <setjmp.h>
#include <ucontext.h>

namespace vsim::simulation {

class Fiber {
 public:
  /// What runs already.
  Fiber();
  /// Runs `body` on a new stack as soon as it is switched to. The body never returns: at its end it
  /// switches to another fiber, and then this one may be destroyed.
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// From this one, which runs, to the next; returns when somebody switches back.
  void switch_to(Fiber& next);

  /// As __cxa_thread_atexit: for a thread_local variable of this fiber.
  void at_exit(void (*destroy)(void*), void* object) { exits_.emplace_back(destroy, object); }
  /// Destroys those variables.
  void exit_locals();

 private:
  static void begin() noexcept;

  std::function<void()> body_;
  void* stack_ = nullptr;  // lowest address, behind a page that cannot be touched
  ucontext_t start_{};
  bool has_begun_ = false;
  jmp_buf place_{};  // where it was left
  std::vector<char> locals_;
  void* caught_ = nullptr;  // __cxa_eh_globals
  unsigned int uncaught_ = 0;
  std::vector<std::pair<void (*)(void*), void*>> exits_;
};

}  // namespace vsim::simulation
