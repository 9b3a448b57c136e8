#include "tools/cli/lock/sha256.h"

#include <openssl/evp.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace retort::cli {
namespace {

std::string Hexadecimal(const unsigned char* bytes, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

Status Unreadable(const std::string& path) { return NotFound(path + ": cannot be read: " + std::strerror(errno)); }

}  // namespace

Result<FileHash> HashFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return Unreadable(path);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1)
    return Internal("OpenSSL gives no SHA-256");
  FileHash hash;
  std::vector<unsigned char> buffer(size_t{1} << 18);
  for (size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0; hash.bytes += count)
    if (EVP_DigestUpdate(context.get(), buffer.data(), count) != 1) return Internal("OpenSSL's SHA-256 failed");
  if (std::ferror(file.get()) != 0) return Unreadable(path);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (EVP_DigestFinal_ex(context.get(), digest, &length) != 1) return Internal("OpenSSL's SHA-256 failed");
  hash.sha256 = Hexadecimal(digest, length);
  return hash;
}

}  // namespace retort::cli
