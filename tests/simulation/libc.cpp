// Locks, conditions, threads, sleeps, clocks and random numbers of the product's code, taken over
// by the machine: a program's own definition of such a function stands before the C library's, also
// for the C++ library. Outside of tasks all of them do what the C library does. D80

#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <random>

#include <dlfcn.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/simulation/machine.h"

using vsim::simulation::Machine;
using vsim::simulation::Task;
using vsim::simulation::Time;

namespace {

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

Time time_of(const timespec& at) {
  return std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec);
}

timespec timespec_of(Time at) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(at);
  return {whole.count(), (at - whole).count()};
}

/// The system call itself: syscall() is taken over too.
long system_call(long number, long a, long b, long c, long d, long e, long f) {
  long result = 0;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  if (result < 0 && result > -4096) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}

bool is_wall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

bool is_simulated(clockid_t clock) {
  return is_wall(clock) || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE ||
         clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME;
}

/// What the clock is ahead of the machine's time in that process.
Time ahead(clockid_t clock) {
  return is_wall(clock) ? vsim::simulation::epoch + Machine::current()->process->clock_error
                        : Machine::here().booted();
}

}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  static const auto lock = real<decltype(::pthread_mutex_lock)>("pthread_mutex_lock");
  if (Machine::current() == nullptr) {
    return lock(mutex);
  }
  Machine::here().at_lock();
  int result = 0;
  while ((result = pthread_mutex_trylock(mutex)) == EBUSY) {
    Machine::here().wait_deaf(mutex);
  }
  return result;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  static const auto unlock = real<decltype(::pthread_mutex_unlock)>("pthread_mutex_unlock");
  const int result = unlock(mutex);
  if (Machine::current() != nullptr) {
    Machine::here().wake_all(mutex);
  }
  return result;
}

static int wait_for(pthread_cond_t* condition, pthread_mutex_t* mutex, const Time* until) {
  auto& machine = Machine::here();
  pthread_mutex_unlock(mutex);
  struct Relock {
    pthread_mutex_t* mutex;
    ~Relock() { pthread_mutex_lock(mutex); }
  } const relock{mutex};
  return machine.wait(condition, until == nullptr ? std::nullopt : std::optional(*until))
             ? 0
             : ETIMEDOUT;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  static const auto wait = real<decltype(::pthread_cond_wait)>("pthread_cond_wait");
  if (Machine::current() == nullptr) {
    return wait(condition, mutex);
  }
  wait_for(condition, mutex, nullptr);
  return 0;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  static const auto wait = real<decltype(::pthread_cond_clockwait)>("pthread_cond_clockwait");
  if (Machine::current() == nullptr) {
    return wait(condition, mutex, clock, until);
  }
  const Time at = time_of(*until) - ahead(clock);
  return wait_for(condition, mutex, &at);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  static const auto wait = real<decltype(::pthread_cond_timedwait)>("pthread_cond_timedwait");
  if (Machine::current() == nullptr) {
    return wait(condition, mutex, until);
  }
  const Time at = time_of(*until) - ahead(CLOCK_REALTIME);
  return wait_for(condition, mutex, &at);
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  static const auto signal = real<decltype(::pthread_cond_signal)>("pthread_cond_signal");
  if (Machine::current() == nullptr) {
    return signal(condition);
  }
  Machine::here().wake_one(condition);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  static const auto broadcast = real<decltype(::pthread_cond_broadcast)>("pthread_cond_broadcast");
  if (Machine::current() == nullptr) {
    return broadcast(condition);
  }
  Machine::here().wake_all(condition);
  return 0;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*begin)(void*),
                   void* argument) noexcept {
  static const auto create = real<decltype(::pthread_create)>("pthread_create");
  auto* me = Machine::current();
  if (me == nullptr) {
    return create(thread, attributes, begin, argument);
  }
  auto* task =
      Machine::here().start(me->process, me->name + "+", [begin, argument] { begin(argument); });
  *thread = Machine::thread_of(*task);
  return 0;
}

// It stands in std::thread::id, by which std::stop_callback knows its own thread.
pthread_t pthread_self() noexcept {
  static const auto self = real<decltype(::pthread_self)>("pthread_self");
  const auto* me = Machine::current();
  return me == nullptr ? self() : Machine::thread_of(*me);
}

int pthread_join(pthread_t thread, void** result) {
  static const auto join = real<decltype(::pthread_join)>("pthread_join");
  if (Machine::current() == nullptr) {
    return join(thread, result);
  }
  auto& machine = Machine::here();
  if (const auto* task = machine.task_of(thread)) {
    while (task->state != Task::State::done) {
      machine.wait_deaf(task);
    }
  }
  return 0;
}

int pthread_detach(pthread_t thread) noexcept {
  static const auto detach = real<decltype(::pthread_detach)>("pthread_detach");
  return Machine::current() == nullptr ? detach(thread) : 0;
}

int pthread_setname_np(pthread_t thread, const char* name) noexcept {
  static const auto set = real<decltype(::pthread_setname_np)>("pthread_setname_np");
  auto* me = Machine::current();
  if (me == nullptr) {
    return set(thread, name);
  }
  me->name = name;
  return 0;
}

int pthread_getname_np(pthread_t thread, char* name, std::size_t size) noexcept {
  static const auto get = real<decltype(::pthread_getname_np)>("pthread_getname_np");
  const auto* me = Machine::current();
  if (me == nullptr) {
    return get(thread, name, size);
  }
  name[me->name.copy(name, size - 1)] = '\0';
  return 0;
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  if (Machine::current() == nullptr || !is_simulated(clock)) {
    return static_cast<int>(
        system_call(SYS_clock_gettime, clock, reinterpret_cast<long>(now), 0, 0, 0, 0));
  }
  *now = timespec_of(Machine::here().look_at_clock() + ahead(clock));
  return 0;
}

int nanosleep(const timespec* length, timespec* left) {
  static const auto sleep = real<decltype(::nanosleep)>("nanosleep");
  if (Machine::current() == nullptr) {
    return sleep(length, left);
  }
  Machine::here().sleep(time_of(*length));
  return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* length, timespec* left) {
  static const auto sleep = real<decltype(::clock_nanosleep)>("clock_nanosleep");
  if (Machine::current() == nullptr) {
    return sleep(clock, flags, length, left);
  }
  auto& machine = Machine::here();
  const bool absolute = (flags & TIMER_ABSTIME) != 0;
  machine.sleep(absolute ? time_of(*length) - ahead(clock) - machine.now() : time_of(*length));
  return 0;
}

int sched_yield() noexcept {
  if (Machine::current() == nullptr) {
    return static_cast<int>(system_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0));
  }
  Machine::here().yield();
  return 0;
}

// The waits of std::atomic, which std::stop_callback uses.
long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long given[6];
  for (long& argument : given) {
    argument = va_arg(list, long);
  }
  va_end(list);
  if (number == SYS_futex && Machine::current() != nullptr) {
    Machine::here().yield();  // whoever waits looks again
    return 0;
  }
  return system_call(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}

// The end of a thread is that of its task.
int __cxa_thread_atexit(void (*destroy)(void*), void* object, void* library) noexcept {
  using Function = int(void (*)(void*), void*, void*);
  static auto* const at_exit = real<Function>("__cxa_thread_atexit");
  auto* me = Machine::current();
  if (me == nullptr) {
    return at_exit(destroy, object, library);
  }
  me->fiber->at_exit(destroy, object);
  return 0;
}

// A local static that a task begins to make may be wanted by another before it is done: a wait of
// the C++ library's would be for ever.
int __cxa_guard_acquire(long long* guard) {
  auto* bytes = reinterpret_cast<unsigned char*>(guard);
  while (__atomic_load_n(&bytes[0], __ATOMIC_ACQUIRE) == 0) {
    if (bytes[1] == 0) {
      bytes[1] = 1;
      return 1;
    }
    Machine::here().yield();
  }
  return 0;
}

void __cxa_guard_release(long long* guard) {
  auto* bytes = reinterpret_cast<unsigned char*>(guard);
  bytes[1] = 0;
  __atomic_store_n(&bytes[0], static_cast<unsigned char>(1), __ATOMIC_RELEASE);
}

void __cxa_guard_abort(long long* guard) { reinterpret_cast<unsigned char*>(guard)[1] = 0; }

// It stands in reports.
pid_t getpid() noexcept {
  return Machine::current() == nullptr
             ? static_cast<pid_t>(system_call(SYS_getpid, 0, 0, 0, 0, 0, 0))
             : 1000;
}

int RAND_bytes(unsigned char* bytes, int count) {
  static std::random_device outside;
  for (int i = 0; i < count; ++i) {
    bytes[i] = static_cast<unsigned char>(
        Machine::current() == nullptr ? outside() : Machine::here().draw(256));
  }
  return 1;
}

}  // extern "C"

// NOLINTNEXTLINE: the class is the library's
std::random_device::result_type std::random_device::_M_getval() {
  if (Machine::current() == nullptr) {
    result_type value = 0;
    system_call(SYS_getrandom, reinterpret_cast<long>(&value), sizeof value, 0, 0, 0, 0);
    return value;
  }
  return static_cast<result_type>(Machine::here().draw(1ULL << 32));
}
