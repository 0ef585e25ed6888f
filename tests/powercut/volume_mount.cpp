#include "tests/powercut/volume_mount.h"

#define FUSE_USE_VERSION 314

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <unistd.h>

namespace powercut {
namespace {

using Listing = std::vector<std::pair<std::string, NodeId>>;

/// The one place in which a refusal becomes an answer.
template <typename Work>
void answer(fuse_req_t request, const Work& work) {
  try {
    work(*static_cast<Volume*>(fuse_req_userdata(request)));
  } catch (const Refused& refused) {
    fuse_reply_err(request, refused.code);
  } catch (const std::bad_alloc&) {
    fuse_reply_err(request, ENOMEM);
  }
}

/// Of a new node.
struct stat attributes_for(fuse_req_t request, mode_t mode) {
  struct stat attributes{};
  attributes.st_mode = mode;
  attributes.st_uid = fuse_req_ctx(request)->uid;
  attributes.st_gid = fuse_req_ctx(request)->gid;
  return attributes;
}

/// The kernel knows the node from now on.
fuse_entry_param entry_of(Volume& volume, NodeId id) {
  fuse_entry_param entry{};
  entry.ino = id;
  entry.attr = volume.status(id);
  volume.hold(id);
  return entry;
}

void lookup(fuse_req_t request, fuse_ino_t folder, const char* name) {
  answer(request, [&](Volume& volume) {
    const fuse_entry_param entry = entry_of(volume, volume.find(folder, name));
    fuse_reply_entry(request, &entry);
  });
}

void forget(fuse_req_t request, fuse_ino_t node, std::uint64_t times) {
  static_cast<Volume*>(fuse_req_userdata(request))->let_go(node, times);
  fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgotten) {
  for (std::size_t i = 0; i < count; ++i) {
    static_cast<Volume*>(fuse_req_userdata(request))
        ->let_go(forgotten[i].ino, forgotten[i].nlookup);
  }
  fuse_reply_none(request);
}

void getattr(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
  answer(request, [&](const Volume& volume) {
    const struct stat status = volume.status(node);
    fuse_reply_attr(request, &status, 0);
  });
}

void setattr(fuse_req_t request, fuse_ino_t node, struct stat* wanted, int what, fuse_file_info*) {
  answer(request, [&](Volume& volume) {
    struct stat& attributes = volume.attributes(node);
    const auto asked = [what](int bits) { return (what & bits) != 0; };
    if (asked(FUSE_SET_ATTR_SIZE)) {
      volume.truncate(node, static_cast<std::uint64_t>(wanted->st_size));
    }
    if (asked(FUSE_SET_ATTR_MODE)) {
      attributes.st_mode = (attributes.st_mode & S_IFMT) | (wanted->st_mode & ~S_IFMT);
    }
    if (asked(FUSE_SET_ATTR_UID)) {
      attributes.st_uid = wanted->st_uid;
    }
    if (asked(FUSE_SET_ATTR_GID)) {
      attributes.st_gid = wanted->st_gid;
    }
    if (asked(FUSE_SET_ATTR_MTIME_NOW)) {
      ::clock_gettime(CLOCK_REALTIME, &attributes.st_mtim);
    } else if (asked(FUSE_SET_ATTR_MTIME)) {
      attributes.st_mtim = wanted->st_mtim;
    }
    const struct stat status = volume.status(node);
    fuse_reply_attr(request, &status, 0);
  });
}

void readlink(fuse_req_t request, fuse_ino_t node) {
  answer(request, [&](const Volume& volume) {
    fuse_reply_readlink(request, volume.link_target(node).c_str());
  });
}

void make(fuse_req_t request, fuse_ino_t folder, const char* name, mode_t mode,
          const char* target = "") {
  answer(request, [&](Volume& volume) {
    const NodeId made = volume.make(folder, name, attributes_for(request, mode), target);
    const fuse_entry_param entry = entry_of(volume, made);
    fuse_reply_entry(request, &entry);
  });
}

void mknod(fuse_req_t request, fuse_ino_t folder, const char* name, mode_t mode, dev_t) {
  make(request, folder, name, mode);
}

void mkdir(fuse_req_t request, fuse_ino_t folder, const char* name, mode_t mode) {
  make(request, folder, name, S_IFDIR | mode);
}

void symlink(fuse_req_t request, const char* target, fuse_ino_t folder, const char* name) {
  make(request, folder, name, S_IFLNK | 0777, target);
}

void link(fuse_req_t request, fuse_ino_t node, fuse_ino_t folder, const char* name) {
  answer(request, [&](Volume& volume) {
    volume.link(node, folder, name);
    const fuse_entry_param entry = entry_of(volume, node);
    fuse_reply_entry(request, &entry);
  });
}

void unlink(fuse_req_t request, fuse_ino_t folder, const char* name) {
  answer(request, [&](Volume& volume) {
    volume.unlink(folder, name);
    fuse_reply_err(request, 0);
  });
}

void rename(fuse_req_t request, fuse_ino_t from, const char* name, fuse_ino_t to,
            const char* new_name, unsigned flags) {
  constexpr unsigned no_replace = 1;  // RENAME_NOREPLACE; exchanges are refused
  answer(request, [&](Volume& volume) {
    if ((flags & ~no_replace) != 0) {
      throw Refused{EINVAL};
    }
    volume.rename(from, name, to, new_name, flags == 0);
    fuse_reply_err(request, 0);
  });
}

/// Each read and write comes here, whole.
void open_directly(fuse_file_info* file) { file->direct_io = 1; }

void open(fuse_req_t request, fuse_ino_t node, fuse_file_info* file) {
  answer(request, [&](Volume& volume) {
    if ((file->flags & O_TRUNC) != 0) {
      volume.truncate(node, 0);
    }
    open_directly(file);
    fuse_reply_open(request, file);
  });
}

void create(fuse_req_t request, fuse_ino_t folder, const char* name, mode_t mode,
            fuse_file_info* file) {
  answer(request, [&](Volume& volume) {
    const NodeId made = volume.make(folder, name, attributes_for(request, S_IFREG | mode));
    const fuse_entry_param entry = entry_of(volume, made);
    open_directly(file);
    fuse_reply_create(request, &entry, file);
  });
}

void read(fuse_req_t request, fuse_ino_t node, std::size_t bytes, off_t offset, fuse_file_info*) {
  answer(request, [&](const Volume& volume) {
    const std::string read = volume.read(node, static_cast<std::uint64_t>(offset), bytes);
    fuse_reply_buf(request, read.data(), read.size());
  });
}

void write(fuse_req_t request, fuse_ino_t node, const char* bytes, std::size_t count, off_t offset,
           fuse_file_info* file) {
  answer(request, [&](Volume& volume) {
    const auto at = (file->flags & O_APPEND) != 0
                        ? static_cast<std::uint64_t>(volume.status(node).st_size)
                        : static_cast<std::uint64_t>(offset);
    volume.write(node, at, {bytes, count});
    if ((file->flags & O_DSYNC) != 0) {  // O_SYNC holds this bit too
      volume.sync(node, (file->flags & O_SYNC) != O_SYNC);
    }
    fuse_reply_write(request, count);
  });
}

void fallocate(fuse_req_t request, fuse_ino_t node, int mode, off_t offset, off_t length,
               fuse_file_info*) {
  answer(request, [&](Volume& volume) {
    const off_t end = offset + length;
    if (mode != 0) {
      throw Refused{EOPNOTSUPP};
    }
    if (end > volume.status(node).st_size) {
      volume.truncate(node, static_cast<std::uint64_t>(end));
    }
    fuse_reply_err(request, 0);
  });
}

void release(fuse_req_t request, fuse_ino_t, fuse_file_info*) { fuse_reply_err(request, 0); }

void fsync(fuse_req_t request, fuse_ino_t node, int data_only, fuse_file_info*) {
  answer(request, [&](Volume& volume) {
    volume.sync(node, data_only != 0);
    fuse_reply_err(request, 0);
  });
}

/// The names as they are now: programs unlink what they are told while they read on.
void opendir(fuse_req_t request, fuse_ino_t folder, fuse_file_info* file) {
  answer(request, [&](const Volume& volume) {
    auto listing = std::make_unique<Listing>(Listing{{".", folder}, {"..", folder}});
    for (const auto& [name, node] : volume.names(folder)) {
      listing->emplace_back(name, node);
    }
    file->fh = reinterpret_cast<std::uint64_t>(listing.release());
    fuse_reply_open(request, file);
  });
}

void readdir(fuse_req_t request, fuse_ino_t, std::size_t bytes, off_t offset,
             fuse_file_info* file) {
  const Listing& listing = *reinterpret_cast<const Listing*>(file->fh);
  std::string entries(bytes, '\0');
  std::size_t used = 0;
  for (auto at = static_cast<std::size_t>(offset); at < listing.size(); ++at) {
    struct stat status{};
    status.st_ino = listing[at].second;
    const std::size_t size =
        fuse_add_direntry(request, entries.data() + used, bytes - used, listing[at].first.c_str(),
                          &status, static_cast<off_t>(at + 1));
    if (size > bytes - used) {
      break;
    }
    used += size;
  }
  fuse_reply_buf(request, entries.data(), used);
}

void releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
  const std::unique_ptr<Listing> gone(reinterpret_cast<Listing*>(file->fh));
  fuse_reply_err(request, 0);
}

void statfs(fuse_req_t request, fuse_ino_t) {
  struct statvfs status{};
  status.f_bsize = status.f_frsize = page_bytes;
  status.f_blocks = status.f_bfree = status.f_bavail = std::uint64_t{64} << 20;  // 256 GiB
  status.f_files = status.f_ffree = 1 << 20;
  status.f_namemax = 255;
  fuse_reply_statfs(request, &status);
}

/// No flush: the kernel asks once, and then never again. A process that is killed while the volume
/// stands still could not end before a flush is answered.
fuse_lowlevel_ops operations() {
  fuse_lowlevel_ops table{};
  table.lookup = lookup;
  table.forget = forget;
  table.forget_multi = forget_multi;
  table.getattr = getattr;
  table.setattr = setattr;
  table.readlink = readlink;
  table.mknod = mknod;
  table.mkdir = mkdir;
  table.symlink = symlink;
  table.link = link;
  table.unlink = unlink;
  table.rmdir = unlink;
  table.rename = rename;
  table.open = open;
  table.create = create;
  table.read = read;
  table.write = write;
  table.fallocate = fallocate;
  table.release = release;
  table.fsync = fsync;
  table.opendir = opendir;
  table.readdir = readdir;
  table.releasedir = releasedir;
  table.fsyncdir = fsync;
  table.statfs = statfs;
  return table;
}

}  // namespace

VolumeMount::VolumeMount(Volume& volume, const std::string& mount_point) {
  const std::string options = std::string("-oauto_unmount,default_permissions,fsname=forgetful") +
                              (::getuid() == 0 ? ",allow_other" : "");
  std::string program = "forgetful_disk";
  std::string option_text = options;
  char* words[] = {program.data(), option_text.data(), nullptr};
  fuse_args arguments = FUSE_ARGS_INIT(2, words);
  const fuse_lowlevel_ops table = operations();
  session_.reset(fuse_session_new(&arguments, &table, sizeof table, &volume));
  fuse_opt_free_args(&arguments);
  if (!session_ || fuse_session_mount(session_.get(), mount_point.c_str()) != 0) {
    throw std::runtime_error("cannot mount a file system on " + mount_point);
  }
  mounted_ = true;
  // A request that waits can be withdrawn before it is read.
  ::fcntl(descriptor(), F_SETFL, O_NONBLOCK);
}

VolumeMount::~VolumeMount() {
  if (mounted_) {
    fuse_session_unmount(session_.get());
  }
}

void VolumeMount::SessionDeleter::operator()(fuse_session* session) const {
  fuse_session_destroy(session);
}

int VolumeMount::descriptor() const { return fuse_session_fd(session_.get()); }

bool VolumeMount::serve() {
  struct OwnedBuffer : fuse_buf {
    OwnedBuffer() : fuse_buf{} {}
    ~OwnedBuffer() { std::free(mem); }
  };
  static OwnedBuffer buffer;  // kept from request to request
  if (fuse_session_receive_buf(session_.get(), &buffer) > 0) {
    fuse_session_process_buf(session_.get(), &buffer);
  }
  return fuse_session_exited(session_.get()) == 0;
}

}  // namespace powercut
