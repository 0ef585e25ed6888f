#include "tests/runbook/fillable_disk.h"

#include <cerrno>
#include <cstring>

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>

namespace runbook {
namespace {

void done(const ShippedSystem& system, const std::string& script) {
  const harness::Output said = system.run(script);
  REQUIRE_MESSAGE(said.ending.clean(), said.text);
}

}  // namespace

bool have_mounts_of_our_own() {
  if (::unshare(CLONE_NEWNS) == 0 &&
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      ::mount("tmpfs", "/mnt", "tmpfs", 0, "size=1m") == 0) {
    ::umount("/mnt");
    return true;
  }
  MESSAGE("SKIPPED: no file system may be mounted here: ", std::string(std::strerror(errno)));
  return false;
}

FillableDisk::FillableDisk(ShippedSystem& system, const std::string& size) : system_(system) {
  done(system_, "ops/down && mv .run/nats store && mkdir .run/nats && mount -t tmpfs -o size=" +
                    size + " tmpfs .run/nats && cp -a store/. .run/nats && ops/up");
}

FillableDisk::~FillableDisk() { system_.run("ops/down; umount .run/nats"); }

void FillableDisk::fill() { done(system_, "! cat /dev/zero >.run/nats/filler 2>/dev/null"); }

void FillableDisk::leave(long bytes) {
  done(system_,
       "rm -f .run/nats/filler; free=$(df --output=avail -B1 .run/nats | tail -n 1); "
       "fallocate -l $((free - " +
           std::to_string(bytes) + ")) .run/nats/filler");
}

}  // namespace runbook
