#include "core/plugin/elf_check.h"

#include <elf.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace retort {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#endif

std::string MachineName(uint16_t machine) {
  switch (machine) {
    case EM_X86_64: return "x86-64";
    case EM_386: return "x86, 32 bits";
    case EM_AARCH64: return "AArch64";
    case EM_ARM: return "ARM, 32 bits";
    case EM_RISCV: return "RISC-V";
    case EM_PPC64: return "PowerPC 64";
    case EM_S390: return "S/390";
    default: return "machine " + std::to_string(machine) + " of the ELF table";
  }
}

Status NoLibrary(const std::string& what) {
  return InvalidArgument(what + "; expected a shared library (ELF), as retort_add_plugin builds it");
}

/// The dynamic linker maps what the program headers say, and dies reading beyond the file's end.
Status CheckWhole(std::ifstream& file, const Elf64_Ehdr& head) {
  file.clear();
  file.seekg(0, std::ios::end);
  const auto size = static_cast<uint64_t>(file.tellg());
  const auto cut_off = [&](uint64_t needed) {
    return NoLibrary("it is cut off: it needs " + std::to_string(needed) + " bytes and has " + std::to_string(size));
  };
  const uint64_t headers_end = head.e_phoff + uint64_t{head.e_phnum} * sizeof(Elf64_Phdr);
  if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phoff > size || headers_end > size) return cut_off(headers_end);
  file.seekg(static_cast<std::streamoff>(head.e_phoff));
  for (uint16_t i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr segment = {};
    file.read(reinterpret_cast<char*>(&segment), sizeof segment);
    const uint64_t end = segment.p_offset + segment.p_filesz;
    if (segment.p_type == PT_LOAD && (end < segment.p_offset || end > size)) return cut_off(end);
  }
  return {};
}

}  // namespace

Status CheckSharedLibrary(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound(std::string("it cannot be read: ") + std::strerror(errno));
  Elf64_Ehdr head = {};
  file.read(reinterpret_cast<char*>(&head), sizeof head);
  const auto count = static_cast<size_t>(file.gcount());
  if (count < EI_NIDENT || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
    return NoLibrary(count == 0 ? "it is empty" : "it is no ELF file");
  // e_type and e_machine lie alike in files of 32 and 64 bits; the byte order only tells foreign machines apart.
  if (count < offsetof(Elf64_Ehdr, e_version)) return NoLibrary("it is cut off within its ELF header");
  const uint16_t machine = head.e_ident[EI_DATA] == ELFDATA2MSB ? __builtin_bswap16(head.e_machine) : head.e_machine;
  if (machine != kMachine || head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB)
    return Unsupported("it is built for " + MachineName(machine) + ", this Retort for " + MachineName(kMachine) +
                       "; build the plugin for this machine");
  if (count < sizeof head) return NoLibrary("it is cut off within its ELF header");
  if (head.e_type != ET_DYN) return NoLibrary("it is an ELF file, but no shared library");
  return CheckWhole(file, head);
}

}  // namespace retort
