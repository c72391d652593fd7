# Writes version.hpp with the commit that is checked out now; the file changes only when the commit does.
execute_process(COMMAND git rev-parse --short HEAD WORKING_DIRECTORY ${TREE} OUTPUT_VARIABLE RAMPA_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git status --porcelain --untracked-files=no WORKING_DIRECTORY ${TREE} OUTPUT_VARIABLE CHANGED OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(RAMPA_COMMIT AND CHANGED)
  string(APPEND RAMPA_COMMIT ", changed")
endif()
configure_file(${TREE}/edge/app/version.hpp.in ${OUT} @ONLY)
