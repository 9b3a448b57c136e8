# Installs the build into a fresh prefix, builds the project beside this file against it, and loads what came out.
add_executable(load_plugin out_of_tree/load_plugin.cc)
retort_target_settings(load_plugin)
target_link_libraries(load_plugin PRIVATE retort_mock_host)
set_target_properties(load_plugin PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")

add_test(NAME out_of_tree_plugin COMMAND "${CMAKE_COMMAND}"
  "-DBUILD=${PROJECT_BINARY_DIR}" "-DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/out_of_tree"
  "-DWORK=${PROJECT_BINARY_DIR}/tests/out_of_tree" "-DLOADER=$<TARGET_FILE:load_plugin>"
  "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DGENERATOR=${CMAKE_GENERATOR}" "-DSANITIZE=${RETORT_SANITIZE}"
  "-DRETORT=$<TARGET_NAME_IF_EXISTS:retort>" -P "${CMAKE_CURRENT_SOURCE_DIR}/out_of_tree/build_and_load.cmake")
set_tests_properties(out_of_tree_plugin PROPERTIES LABELS slow TIMEOUT 300)
