# Helpers that give each own target the same warnings, include paths and places.

# -Wno-restrict: g++ 12 sees overlapping copies in `"text" + string` where there are none (GCC bug 105651).
function(retort_target_settings target)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:C,CXX>:-Wall -Wextra -Wpedantic -Wshadow>
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>
    $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-unknown-warning-option>
    $<$<AND:$<BOOL:${RETORT_WERROR}>,$<COMPILE_LANGUAGE:C,CXX>>:-Werror>)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
endfunction()

# retort_add_library(name SOURCES ... [PUBLIC libs...] [PRIVATE libs...]): a static library retort_<name>.
function(retort_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(retort_${name} STATIC ${ARG_SOURCES})
  add_library(retort::${name} ALIAS retort_${name})
  retort_target_settings(retort_${name})
  target_link_libraries(retort_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# retort_add_plugin(stage SOURCES ...): a plugin library; it sees the SDK and nothing else of the core.
function(retort_add_plugin stage)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  set(target retort_plugin_${stage})
  add_library(${target} MODULE ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE retort::sdk)
  target_link_options(${target} PRIVATE "LINKER:--version-script,${PROJECT_SOURCE_DIR}/tools/cmake/retort-plugin.map")
  retort_target_settings(${target})
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME "${stage}" LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib/retort/plugins")
  install(TARGETS ${target} LIBRARY DESTINATION "${RETORT_PLUGIN_DIR}")
  set_property(GLOBAL APPEND PROPERTY RETORT_PLUGIN_TARGETS ${target})
endfunction()

# retort_add_test(name SOURCES ... LIBS ...): a GoogleTest program, one CTest test per case. Cases whose name ends in
# _slow get the label slow, the others fast. The sources see RETORT_SOURCE_DIR and RETORT_BINARY_DIR as strings.
function(retort_add_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  retort_target_settings(${name})
  target_compile_definitions(${name} PRIVATE
    RETORT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" RETORT_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  set(fast_seconds 300)
  if(RETORT_SANITIZE)  # a tenth of the speed
    set(fast_seconds 1200)
  endif()
  gtest_discover_tests(${name} TEST_FILTER "*:-*_slow" NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS fast TIMEOUT ${fast_seconds})
  gtest_discover_tests(${name} TEST_FILTER "*_slow" TEST_LIST ${name}_SLOW NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS slow TIMEOUT 900)
endfunction()

# retort_add_benchmark(name SOURCES ... LIBS ...): a Google Benchmark program, built with RETORT_BUILD_BENCHMARKS.
function(retort_add_benchmark name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  if(RETORT_BUILD_BENCHMARKS)
    add_executable(${name} ${ARG_SOURCES})
    retort_target_settings(${name})
    target_link_libraries(${name} PRIVATE ${ARG_LIBS} benchmark::benchmark_main)
  endif()
endfunction()
