# Install rules: the binary with its plugins and libraries, the pipelines and schemas, and the package `retort` with
# which plugins are built and tested elsewhere (tools/cmake/retort-config.cmake.in says what it gives). The build tree is
# laid out alike and holds the package too, so that its own binary serves without being installed.
include(CMakePackageConfigHelpers)

install(TARGETS retort retort-plugin-probe retort-stage-host RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(PROGRAMS tools/get-model DESTINATION "${CMAKE_INSTALL_BINDIR}" RENAME retort-get-model)
install(PROGRAMS tools/fetch-wheel DESTINATION "${CMAKE_INSTALL_BINDIR}" RENAME retort-fetch-wheel)
install(DIRECTORY pipelines/ DESTINATION "${RETORT_PIPELINE_DIR}" FILES_MATCHING PATTERN "*.yaml" PATTERN "*.jsonl")
install(DIRECTORY schemas/ DESTINATION "${CMAKE_INSTALL_DATADIR}/retort/schemas" FILES_MATCHING PATTERN "*.json")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/retort")

# Manual pages and completion scripts, written by the binary itself.
set(retort_written "${PROJECT_BINARY_DIR}/written")
install(CODE "
  file(MAKE_DIRECTORY \"${retort_written}\")
  execute_process(COMMAND \"$<TARGET_FILE:retort>\" man --all \"${retort_written}/man1\" COMMAND_ERROR_IS_FATAL ANY)
  foreach(shell bash zsh fish)
    execute_process(COMMAND \"$<TARGET_FILE:retort>\" completion \${shell}
      OUTPUT_FILE \"${retort_written}/retort.\${shell}\" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()")
install(DIRECTORY "${retort_written}/man1" DESTINATION "${CMAKE_INSTALL_MANDIR}")
install(FILES "${retort_written}/retort.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME retort)
install(FILES "${retort_written}/retort.zsh" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" RENAME _retort)
install(FILES "${retort_written}/retort.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")

# The libraries that tools/setup put into its own prefix travel with the tree, which then can be moved.
if(retort_deps)
  file(GLOB retort_runtime_libraries "${retort_deps}/lib/libtbb.so.*" "${retort_deps}/lib/libdnnl.so.*"
    "${retort_deps}/lib/libimf.so" "${retort_deps}/lib/libintlc.so.*" "${retort_deps}/lib/libsvml.so"
    "${retort_deps}/lib/libirng.so")
  install(FILES ${retort_runtime_libraries} DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()

install(DIRECTORY core/base/include/ core/plugin/include/ core/testing/include/
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(TARGETS retort_sdk retort_testing EXPORT retort-targets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
set(retort_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/retort")
install(EXPORT retort-targets NAMESPACE retort:: DESTINATION "${retort_package_dir}")
export(EXPORT retort-targets NAMESPACE retort:: FILE "${PROJECT_BINARY_DIR}/${retort_package_dir}/retort-targets.cmake")
configure_package_config_file(tools/cmake/retort-config.cmake.in
  "${PROJECT_BINARY_DIR}/${retort_package_dir}/retort-config.cmake"
  INSTALL_DESTINATION "${retort_package_dir}" PATH_VARS CMAKE_INSTALL_BINDIR RETORT_PLUGIN_DIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/${retort_package_dir}/retort-config-version.cmake"
  COMPATIBILITY SameMajorVersion)
configure_file(tools/cmake/retort-plugin.map "${PROJECT_BINARY_DIR}/${retort_package_dir}/retort-plugin.map" COPYONLY)
foreach(file retort-config.cmake retort-config-version.cmake retort-plugin.map)
  install(FILES "${PROJECT_BINARY_DIR}/${retort_package_dir}/${file}" DESTINATION "${retort_package_dir}")
endforeach()
