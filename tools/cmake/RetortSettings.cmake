# What every target of the tree shares.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

include(GNUInstallDirs)
set(RETORT_PLUGIN_DIR "${CMAKE_INSTALL_LIBDIR}/retort/plugins")
set(RETORT_PIPELINE_DIR "${CMAKE_INSTALL_DATADIR}/retort/pipelines")

# Binaries find their libraries beside themselves, so that the tree can be moved.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};$ORIGIN;$ORIGIN/../..")

find_program(RETORT_CCACHE ccache)
if(RETORT_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${RETORT_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${RETORT_CCACHE}")
endif()

if(RETORT_SANITIZE)
  # Kernels of many unrolled lanes take the compiler minutes at -O2, and as long again to tell where variables are.
  add_compile_options(-fsanitize=${RETORT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -O1
    $<$<CXX_COMPILER_ID:GNU>:-fno-var-tracking>)
  add_link_options(-fsanitize=${RETORT_SANITIZE})
endif()
if(RETORT_CLANG_TIDY)
  find_program(RETORT_CLANG_TIDY_EXE clang-tidy REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY "${RETORT_CLANG_TIDY_EXE}")
endif()
