# Settings that every target of Rampa shares, and two functions that keep the folders' CMakeLists short.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

set(RAMPA_SANITIZE "" CACHE STRING "address, thread or empty")

add_library(rampa_flags INTERFACE)
target_include_directories(rampa_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(rampa_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
                       -Werror -fno-omit-frame-pointer)
if(RAMPA_SANITIZE STREQUAL "address")
  target_compile_options(rampa_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined)
  target_link_options(rampa_flags INTERFACE -fsanitize=address,undefined)
elseif(RAMPA_SANITIZE STREQUAL "thread")
  target_compile_options(rampa_flags INTERFACE -fsanitize=thread -Wno-tsan)
  target_link_options(rampa_flags INTERFACE -fsanitize=thread)
else()
  # GCC 12 sees overlaps and overflows inside inlined std::string and std::vector that are not there (GCC bugs 105329,
  # 105651, 105762); only when optimising.
  target_compile_options(rampa_flags INTERFACE $<$<CONFIG:Release>:-Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds>)
  target_compile_options(rampa_flags INTERFACE $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2 -fstack-protector-strong>)
  target_link_options(rampa_flags INTERFACE -Wl,-z,relro,-z,now)
endif()

find_program(RAMPA_CCACHE ccache)
if(RAMPA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RAMPA_CCACHE})
endif()
find_program(RAMPA_MOLD mold)
if(RAMPA_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# rampa_library(NAME SOURCES a.cpp ... PUBLIC lib ... PRIVATE lib ...)
function(rampa_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC rampa_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE rampa_flags ${ARG_PUBLIC})
  endif()
endfunction()

# rampa_test(NAME SOURCES a.cpp ... LIBS lib ... [LABELS l ...] [TIMEOUT seconds]): one GoogleTest program; every TEST
# in it is a CTest test.
include(GoogleTest)
function(rampa_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rampa_flags rampa_test_main ${ARG_LIBS})
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                       PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
