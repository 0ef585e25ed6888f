#include "ops/process/last_words.h"

#include <array>
#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

#include <cxxabi.h>
#include <pthread.h>

#include "ops/telemetry/log.h"

namespace vsim::process {
namespace {

constexpr std::size_t name_bytes_max = 16;  // the system's limit, with the zero at the end

std::string type_of_current() {
  const auto* type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    return {};
  }
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> readable(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
  return readable ? readable.get() : type->name();
}

[[noreturn]] void say_and_abort() {
  // Whatever fails while the line is written, the process must end.
  static thread_local bool telling = false;
  if (!telling) {
    telling = true;
    std::array<char, name_bytes_max> thread{};
    pthread_getname_np(pthread_self(), thread.data(), thread.size());
    const auto type = type_of_current();  // before it is thrown once more
    log::error("an exception was not caught: a bug; the process ends",
               {{"reason", what_was_thrown()}, {"type", type}, {"thread", thread.data()}});
  }
  std::abort();
}

}  // namespace

std::string what_was_thrown() {
  const auto current = std::current_exception();
  if (!current) {
    return "std::terminate was called";
  }
  try {
    std::rethrow_exception(current);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "no std::exception";
  }
}

void leave_last_words() { std::set_terminate(say_and_abort); }

void name_thread(const char* name) {
  const std::string fit = std::string(name).substr(0, name_bytes_max - 1);
  pthread_setname_np(pthread_self(), fit.c_str());
}

}  // namespace vsim::process
