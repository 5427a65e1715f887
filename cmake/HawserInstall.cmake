# What `cmake --install` lays out: programs, modules, headers, libhawser, pkg-config files, a CMake package, conf, manual pages.
# Modules install themselves (hawser_plugin). The layout can be moved as a whole: no installed file names an absolute path.
# With the prefix /usr it is a part of the system instead (HawserSystem.cmake), and can be packed (HawserPackage.cmake).
include(CMakePackageConfigHelpers)

set(HAWSER_MODULE_DIR ${CMAKE_INSTALL_LIBDIR}/hawser/modules)
foreach(part MAJOR MINOR)
  file(STRINGS ${PROJECT_SOURCE_DIR}/include/hawser/module.h line REGEX "^#define HAWSER_ABI_${part} ")
  string(REGEX MATCH "[0-9]+" HAWSER_ABI_${part} "${line}")
endforeach()

install(TARGETS hawser RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})

if(TARGET hawser_client_shared)
  # The soname follows the ABI's major number, so that a program finds the library it was built for.
  set_target_properties(hawser_client_shared PROPERTIES
    VERSION ${HAWSER_ABI_MAJOR}.${HAWSER_ABI_MINOR} SOVERSION ${HAWSER_ABI_MAJOR})
  install(TARGETS hawser_client_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    COMPONENT libhawser NAMELINK_COMPONENT dev)
endif()
install(DIRECTORY include/hawser DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev FILES_MATCHING PATTERN "*.h")

file(RELATIVE_PATH HAWSER_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" HAWSER_PC_TO_PREFIX "${HAWSER_PC_TO_PREFIX}")
set(packages hawser-module.pc)
if(TARGET hawser_client_shared)
  list(APPEND packages hawser.pc)
endif()
foreach(file ${packages})
  configure_file(cmake/${file}.in ${PROJECT_BINARY_DIR}/${file} @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endforeach()

configure_package_config_file(cmake/hawserConfig.cmake.in ${PROJECT_BINARY_DIR}/hawserConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hawser
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR HAWSER_MODULE_DIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/hawserConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/hawserConfig.cmake ${PROJECT_BINARY_DIR}/hawserConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hawser COMPONENT dev)

file(GLOB manual_sources CONFIGURE_DEPENDS docs/man/*.scd)
find_program(SCDOC scdoc)
if(NOT manual_sources)
  message(STATUS "No manual pages: docs/man holds no source")
elseif(NOT SCDOC)
  message(STATUS "No manual pages: scdoc is not installed")
else()
  foreach(source ${manual_sources})
    cmake_path(GET source STEM LAST_ONLY page)
    string(REGEX MATCH "[0-9]$" section ${page})
    set(component hawser)
    if(page MATCHES "^hawser-")
      set(component dev)
    endif()
    add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/man/${page}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
      COMMAND ${SCDOC} < ${source} > ${PROJECT_BINARY_DIR}/man/${page}
      DEPENDS ${source} VERBATIM)
    list(APPEND manual_pages ${PROJECT_BINARY_DIR}/man/${page})
    if(HAWSER_SYSTEM_LAYOUT)
      add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/man/${page}.gz
        COMMAND gzip -9nkf ${PROJECT_BINARY_DIR}/man/${page} DEPENDS ${PROJECT_BINARY_DIR}/man/${page} VERBATIM)
      list(APPEND manual_pages ${PROJECT_BINARY_DIR}/man/${page}.gz)
      set(page ${page}.gz)
    endif()
    install(FILES ${PROJECT_BINARY_DIR}/man/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
  endforeach()
  add_custom_target(hawser_manual ALL DEPENDS ${manual_pages})
endif()

if(HAWSER_SYSTEM_LAYOUT)
  include(HawserSystem)
  return()
endif()

# A config that somebody edited is never overwritten: the shipped one stands beside it as FILE.default.
file(GLOB conf_files RELATIVE ${PROJECT_SOURCE_DIR}/conf CONFIGURE_DEPENDS conf/*.conf conf/sessions.d/*.conf)
list(REMOVE_ITEM conf_files demo.conf) # of scripts/run alone
foreach(file ${conf_files})
  cmake_path(GET file PARENT_PATH folder)
  cmake_path(GET file FILENAME name)
  set(destination ${CMAKE_INSTALL_SYSCONFDIR}/hawser/${folder})
  install(FILES conf/${file} DESTINATION ${destination} RENAME ${name}.default)
  install(CODE "
    cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_PREFIX NORMALIZE OUTPUT_VARIABLE prefix)
    cmake_path(APPEND target \"\${prefix}\" \"${destination}\" \"${name}\")
    if(NOT EXISTS \"\$ENV{DESTDIR}\${target}\")
      configure_file(\"${PROJECT_SOURCE_DIR}/conf/${file}\" \"\$ENV{DESTDIR}\${target}\" COPYONLY)
    endif()")
endforeach()

# The default prefix, and the folder that hawser.conf writes to; logs and run are made by the host.
install(DIRECTORY DESTINATION ${CMAKE_INSTALL_LOCALSTATEDIR}/lib/hawser/data)
