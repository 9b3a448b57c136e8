// Signatures of plugin files, checked before anything of a plugin is run. A file that somebody changes between the
// check and the loading is not noticed: the folder must be one that only its owner writes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "retort/status.h"

namespace retort::cli {

/// Whether PATH.sig is a signature of the file by one of the public keys (PEM; Ed25519, or what else OpenSSL verifies
/// in one step), as `openssl pkeyutl -sign -rawin -inkey KEY -in PATH -out PATH.sig` makes it. Errors: kNotFound
/// without a signature, kInvalidArgument for a wrong one or for a file that holds no public key.
Status CheckSignature(const std::string& path, const std::vector<std::string>& key_files);

/// The check by the key files that RETORT_PLUGIN_KEYS names, parted by colons; null where it names none.
std::function<Status(const std::string& path)> SignatureCheckFromEnvironment();

}  // namespace retort::cli
