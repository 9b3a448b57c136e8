#include "tools/cli/lock/signature.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include "core/base/text_file.h"
#include "core/plugin/loader.h"

namespace retort::cli {
namespace {

constexpr const char* kKeys = "RETORT_PLUGIN_KEYS";

using Bytes = std::vector<unsigned char>;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

std::optional<Bytes> ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

Key ReadKey(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  return {file ? PEM_read_PUBKEY(file.get(), nullptr, nullptr, nullptr) : nullptr, EVP_PKEY_free};
}

bool Verifies(const Key& key, const Bytes& text, const Bytes& signature) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), text.data(), text.size()) == 1;
}

}  // namespace

Status CheckSignature(const std::string& path, const std::vector<std::string>& key_files) {
  const std::string how = "; sign it with `openssl pkeyutl -sign -rawin -inkey KEY.pem -in " + path + " -out " + path +
                          ".sig`, or unset " + kKeys;
  std::vector<Key> keys;
  for (const std::string& file : key_files) {
    keys.push_back(ReadKey(file));
    if (keys.back() == nullptr)
      return InvalidArgument(std::string(kKeys) + " names " + file + ", which holds no public key in PEM form");
  }
  const auto signature = ReadBytes(path + ".sig");
  if (!signature) return NotFound("it is not signed: there is no " + path + ".sig" + how);
  RETORT_RETURN_IF_ERROR(OpenToRead(path, "a plugin").status());
  const auto text = ReadBytes(path);
  if (std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return Verifies(key, *text, *signature); }))
    return {};
  return InvalidArgument("its signature is by none of the keys that " + std::string(kKeys) +
                         " names, or of another file" + how);
}

std::function<Status(const std::string& path)> SignatureCheckFromEnvironment() {
  const std::vector<std::string> files = PathsInEnvironment(kKeys);
  if (files.empty()) return nullptr;
  return [files](const std::string& path) { return CheckSignature(path, files); };
}

}  // namespace retort::cli
