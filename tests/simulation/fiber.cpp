#include "tests/simulation/fiber.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <cxxabi.h>
#include <link.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace vsim::simulation {
namespace {

constexpr std::size_t stack_size = 512 * 1024;  // of which pages are taken as they are touched
constexpr std::size_t page = 4096;

/// The program's thread_local variables, in the one thread that runs fibers.
struct Locals {
  char* place = nullptr;
  std::vector<char> fresh;  // as a new thread finds them
};

int find_locals(dl_phdr_info* program, std::size_t, void* given) {
  auto* locals = static_cast<Locals*>(given);
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const auto& part = program->dlpi_phdr[i];
    if (part.p_type == PT_TLS) {
      locals->place = static_cast<char*>(program->dlpi_tls_data);
      locals->fresh.resize(part.p_memsz);
      std::memcpy(locals->fresh.data(),
                  reinterpret_cast<const char*>(program->dlpi_addr + part.p_vaddr), part.p_filesz);
    }
  }
  return 1;  // the first is the program, the others are its libraries
}

const Locals& program_locals() {
  static const Locals found = [] {
    Locals locals;
    dl_iterate_phdr(find_locals, &locals);
    return locals;
  }();
  return found;
}

/// Stacks are used again, the last one first: its pages are there and in the cache.
std::vector<void*>& free_stacks() {
  static std::vector<void*> stacks;
  return stacks;
}

void* take_stack() {
  auto& free = free_stacks();
  if (!free.empty()) {
    void* stack = free.back();
    free.pop_back();
    return stack;
  }
  void* stack = mmap(nullptr, stack_size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED || mprotect(stack, page, PROT_NONE) != 0) {
    std::fputs("no more stacks\n", stderr);
    std::abort();
  }
  return stack;
}

/// What __cxa_get_globals gives, by the C++ ABI.
struct ExceptionState {
  void* caught;
  unsigned int uncaught;
};

ExceptionState& exception_state() {
  return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

Fiber* begun = nullptr;  // the one that is switched to for the first time

void tell_sanitizer(const void* stack) {
#if defined(__SANITIZE_ADDRESS__)
  // The thread's own stack has no place in here: it is told as the whole of memory.
  __sanitizer_start_switch_fiber(nullptr, stack, stack == nullptr ? ~0UL >> 1 : stack_size);
#else
  (void)stack;
#endif
}

void tell_sanitizer_of_arrival() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

}  // namespace

Fiber::Fiber() : has_begun_(true), locals_(program_locals().fresh.size()) {}

Fiber::Fiber(std::function<void()> body)
    : body_(std::move(body)), stack_(take_stack()), locals_(program_locals().fresh) {
  getcontext(&start_);
  start_.uc_stack.ss_sp = stack_;
  start_.uc_stack.ss_size = stack_size;
  makecontext(&start_, &Fiber::begin, 0);
}

Fiber::~Fiber() {
  if (stack_ != nullptr) {
    free_stacks().push_back(stack_);
  }
}

void Fiber::begin() noexcept {
  tell_sanitizer_of_arrival();
  begun->body_();
  std::abort();
}

void Fiber::switch_to(Fiber& next) {
  auto& exceptions = exception_state();
  caught_ = exceptions.caught;
  uncaught_ = exceptions.uncaught;
  exceptions = {next.caught_, next.uncaught_};
  const auto& locals = program_locals();
  std::memcpy(locals_.data(), locals.place, locals_.size());
  std::memcpy(locals.place, next.locals_.data(), next.locals_.size());
  begun = &next;
  tell_sanitizer(next.stack_);
  // A context sets the signal mask too, by a system call; a jump does not.
  if (_setjmp(place_) == 0) {
    if (next.has_begun_) {
      _longjmp(next.place_, 1);
    }
    next.has_begun_ = true;
    setcontext(&next.start_);
  }
  tell_sanitizer_of_arrival();
}

void Fiber::exit_locals() {
  while (!exits_.empty()) {
    const auto [destroy, object] = exits_.back();
    exits_.pop_back();
    destroy(object);
  }
}

}  // namespace vsim::simulation
