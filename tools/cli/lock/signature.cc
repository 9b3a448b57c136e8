#include "tools/cli/lock/signature.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>

#include "core/base/text_file.h"
#include "core/plugin/loader.h"

namespace retort::cli {
namespace {

constexpr const char* kKeys = "RETORT_PLUGIN_KEYS";

constexpr size_t kMostSignatureBytes = 1 << 16, kMostPluginBytes = size_t{1} << 32;

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Key ReadKey(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  return {file ? PEM_read_PUBKEY(file.get(), nullptr, nullptr, nullptr) : nullptr, EVP_PKEY_free};
}

const unsigned char* BytesOf(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); }

bool Verifies(const Key& key, const std::string& text, const std::string& signature) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), BytesOf(signature), signature.size(), BytesOf(text), text.size()) == 1;
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
  const auto signature = ReadBytes(path + ".sig", "a signature", kMostSignatureBytes);
  if (signature.status().code() == StatusCode::kNotFound)
    return NotFound("it is not signed: there is no " + path + ".sig" + how);
  if (!signature.ok()) return signature.status();
  RETORT_ASSIGN_OR_RETURN(const std::string text, ReadBytes(path, "a plugin", kMostPluginBytes));
  if (std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return Verifies(key, text, *signature); })) return {};
  return InvalidArgument("its signature is by none of the keys that " + std::string(kKeys) +
                         " names, or of another file" + how);
}

std::function<Status(const std::string& path)> SignatureCheckFromEnvironment() {
  const std::vector<std::string> files = PathsInEnvironment(kKeys);
  if (files.empty()) return nullptr;
  return [files](const std::string& path) { return CheckSignature(path, files); };
}

}  // namespace retort::cli
