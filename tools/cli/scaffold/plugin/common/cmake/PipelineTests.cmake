# The example pipeline is checked, run by the installed Retort, and its output compared with what is expected.
set(pipeline pipelines/my-stage.yaml)
set(output "${CMAKE_CURRENT_BINARY_DIR}/out.jsonl")
add_test(NAME lint COMMAND "${RETORT_EXECUTABLE}" lint "${pipeline}")
add_test(NAME run COMMAND "${RETORT_EXECUTABLE}" run "${pipeline}" -s "output=${output}" --quiet)
add_test(NAME output COMMAND "${CMAKE_COMMAND}" -E compare_files pipelines/data/expected.jsonl "${output}")
set_tests_properties(lint run output PROPERTIES
  WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" ENVIRONMENT "RETORT_PLUGIN_PATH=$<TARGET_FILE_DIR:my_stage>")
set_tests_properties(output PROPERTIES DEPENDS run)
