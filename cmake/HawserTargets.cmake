# The kinds of target this project has, so that each folder's CMakeLists.txt names its sources and no flags.

# hawser_layer(NAME base SOURCES a.c b.c [DEPS hawser_x PkgConfig::Y])
# A folder of core/: a static library hawser_NAME. DEPS are the layers under it that it includes.
function(hawser_layer)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_library(hawser_${ARG_NAME} STATIC ${ARG_SOURCES})
  target_include_directories(hawser_${ARG_NAME} PUBLIC ${PROJECT_SOURCE_DIR}/core ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(hawser_${ARG_NAME} PRIVATE hawser_flags PUBLIC ${ARG_DEPS})
endfunction()

# hawser_program(NAME hawser SOURCES main.c [DEPS ...])
function(hawser_program)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE hawser_flags ${ARG_DEPS})
endfunction()

# What the host needs anyhow. A module that needs another library from the system is packed by itself, as hawser-mod-NAME,
# so that nobody installs that library who does not use the module.
set(HAWSER_BASE_DEPS PkgConfig::LIBEVENT PkgConfig::OPENSSL PkgConfig::JANSSON PkgConfig::ZLIB Threads::Threads m)

# hawser_plugin(NAME deribit SOURCES module.c [DEPS ...])
# A module that the host loads: sees include/ alone, exports hawser_module alone, leaves nothing undefined.
function(hawser_plugin)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_library(hawser_${ARG_NAME} MODULE ${ARG_SOURCES})
  set_target_properties(hawser_${ARG_NAME} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/modules)
  target_include_directories(hawser_${ARG_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(hawser_${ARG_NAME} PRIVATE hawser_flags ${ARG_DEPS})
  if(NOT HAWSER_SANITIZE)
    target_link_options(hawser_${ARG_NAME} PRIVATE -Wl,-z,defs)
  endif()
  list(REMOVE_ITEM ARG_DEPS ${HAWSER_BASE_DEPS})
  set(component hawser)
  if(ARG_DEPS)
    set(component mod-${ARG_NAME})
    set_property(GLOBAL APPEND PROPERTY HAWSER_MODULE_PACKAGES ${ARG_NAME})
  endif()
  install(TARGETS hawser_${ARG_NAME} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/hawser/modules COMPONENT ${component})
endfunction()

# hawser_unit_test(NAME ws/frame SOURCES test_frame.c DEPS hawser_ws): a Check suite, run by ctest as unit.ws.frame
function(hawser_unit_test)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  string(REPLACE "/" "_" target "test_${ARG_NAME}")
  string(REPLACE "/" "." test "unit.${ARG_NAME}")
  add_executable(${target} ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE hawser_flags hawser_test_support ${ARG_DEPS} PkgConfig::CHECK)
  add_test(NAME ${test} COMMAND ${target})
  # Check gives a test 4 s, which under sanitizers on a machine that is loaded by others is not enough.
  set_tests_properties(${test} PROPERTIES TIMEOUT 120 LABELS unit ENVIRONMENT CK_DEFAULT_TIMEOUT=60)
endfunction()
