# cmake -DBUILD=... -DSOURCE=... -DWORK=... -DLOADER=... -DCOMPILER=... -DGENERATOR=... -DSANITIZE=... -DRETORT=... -P build_and_load.cmake
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}\nended with ${code}:\n${output}")
  endif()
  message(STATUS "${output}")
endfunction()

file(REMOVE_RECURSE "${WORK}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
# Moved after installing: the package must not know where it was.
file(RENAME "${WORK}/prefix" "${WORK}/moved")
set(flags)
if(SANITIZE)
  set(flags "-DCMAKE_CXX_FLAGS=-fsanitize=${SANITIZE}" "-DCMAKE_MODULE_LINKER_FLAGS=-fsanitize=${SANITIZE}")
endif()
run("${CMAKE_COMMAND}" -S "${SOURCE}" -B "${WORK}/build" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
  "-DCMAKE_PREFIX_PATH=${WORK}/moved" ${flags})
run("${CMAKE_COMMAND}" --build "${WORK}/build")
run("${LOADER}" "${WORK}/build/plugins/reverse.so" reverse "{field: text}" "{\"text\": \"retort\"}" "{\"text\":\"troter\"}")

# The installed binary finds it as well, and writes projects that build against this installation and pass their tests.
if(RETORT)
  run("${CMAKE_COMMAND}" -E env "RETORT_PLUGIN_PATH=${WORK}/build/plugins" "XDG_CACHE_HOME=${WORK}/cache"
    "${WORK}/moved/bin/retort" describe reverse)
  foreach(language c++ c)
    if(NOT SANITIZE)
      run("${CMAKE_COMMAND}" -E env "XDG_CACHE_HOME=${WORK}/cache"
        "${WORK}/moved/bin/retort" new plugin word-count --language ${language} --output "${WORK}/word-count-${language}" --build)
    endif()
  endforeach()
endif()
