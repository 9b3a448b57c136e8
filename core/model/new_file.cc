#include "core/model/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace retort {
namespace {

std::string Reason(int error) { return std::generic_category().message(error); }

std::string Megabytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MB", bytes / 1e6);
  return text;
}

Status Exists(const std::string& path) {
  return AlreadyExists(path + ": expected no file of this name, but there is one; replace it with --force, or choose " +
                       "another name");
}

/// Whether a file may be written under this name.
Status CheckPlace(const std::string& path, bool replace) {
  struct stat info = {};
  if (path.empty()) return InvalidArgument("output: expected the path of a file, got nothing");
  if (lstat(path.c_str(), &info) != 0) return {};  // what else is wrong with it, opening says
  if (!S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode)) {
    return InvalidArgument(path + ": expected the path of a file, got " +
                           (S_ISDIR(info.st_mode) ? "a folder" : "something that is no file"));
  }
  return replace ? Status() : Exists(path);
}

/// Take the room at once. A file system that cannot do so says whether there is enough when it is written.
Status TakeRoom(int fd, const std::string& path, size_t bytes) {
  if (bytes == 0 || fallocate(fd, 0, 0, static_cast<off_t>(bytes)) == 0 || errno != ENOSPC) return {};
  struct statvfs disk = {};
  const bool known = fstatvfs(fd, &disk) == 0;
  const double room = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
  return ResourceExhausted(path + ": needs " + Megabytes(static_cast<double>(bytes)) + ", but the disk has " +
                           (known ? "only " + Megabytes(room) : "not so much") +
                           " left; free some, or choose another place");
}

}  // namespace

NewFile::NewFile(std::string path, bool replace)
    : path_(std::move(path)), temporary_(path_ + ".part" + std::to_string(getpid())), replace_(replace) {}

Result<std::unique_ptr<NewFile>> NewFile::Create(const std::string& path, size_t bytes, bool replace) {
  RETORT_RETURN_IF_ERROR(CheckPlace(path, replace));
  std::unique_ptr<NewFile> file(new NewFile(path, replace));
  unlink(file->temporary_.c_str());  // of an earlier process of this number
  file->fd_ = open(file->temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file->fd_ < 0) {
    const int error = errno;
    const bool full = error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENFILE || error == EIO;
    return Status(
        full ? StatusCode::kResourceExhausted : StatusCode::kInvalidArgument,
        path + ": cannot be written: " + Reason(error) + "; choose a folder that exists and that you may write to");
  }
  RETORT_RETURN_IF_ERROR(TakeRoom(file->fd_, path, bytes));
  return file;
}

NewFile::~NewFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(temporary_.c_str());
}

Status NewFile::Failed(const char* what) const {
  const int error = errno;
  return ResourceExhausted(path_ + ": " + what + " after " + std::to_string(written_) + " bytes: " + Reason(error) +
                           (error == ENOSPC ? "; free some room, or choose another place" : ""));
}

Status NewFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed("writing failed");
    written_ += static_cast<size_t>(count);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Status NewFile::FillUpTo(size_t size) {
  static constexpr char kZeros[4096] = {};
  while (written_ < size) {
    RETORT_RETURN_IF_ERROR(Append({kZeros, std::min(sizeof kZeros, size - written_)}));
  }
  return {};
}

Status NewFile::Commit() {
  // Room may have been taken for more than came.
  if (ftruncate(fd_, static_cast<off_t>(written_)) != 0 || fsync(fd_) != 0) return Failed("writing failed");
  int moved = renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), replace_ ? 0 : RENAME_NOREPLACE);
  if (moved != 0 && errno == EINVAL && !replace_) {  // a file system without this flag
    RETORT_RETURN_IF_ERROR(CheckPlace(path_, replace_));
    moved = rename(temporary_.c_str(), path_.c_str());
  }
  if (moved != 0) return errno == EEXIST ? Exists(path_) : Failed("renaming failed");
  close(fd_);
  fd_ = -1;
  return {};
}

}  // namespace retort
