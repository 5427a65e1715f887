# Debian packages by CPack, a component each: hawser, libhawserN, hawser-dev, and hawser-mod-NAME for each module that needs a library
# the host does not (hawser_plugin finds them). scripts/package builds them.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME hawser)
set(CPACK_PACKAGE_VENDOR "")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(HAWSER_MAINTAINER "The Hawser authors <hawser@localhost>" CACHE STRING "Who stands for packages that are given away: NAME <ADDRESS>")
set(CPACK_PACKAGE_CONTACT "${HAWSER_MAINTAINER}")
set(CPACK_SET_DESTDIR ON) # files outside of /usr
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DEBUGINFO_PACKAGE ON) # strips; a crash's report has offsets, and these packages make lines of them

set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(library libhawser${HAWSER_ABI_MAJOR})
set(version "${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")

# hawser_package(COMPONENT PACKAGE SECTION SUMMARY TEXT): one package, with the files that policy wants in each.
macro(hawser_package component package section summary text)
  string(TOUPPER ${component} upper)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${summary}\n${text}")
  install(FILES ${debian}/copyright DESTINATION ${HAWSER_DOC_DIR}/${package} COMPONENT ${component})
  install(FILES ${PROJECT_BINARY_DIR}/doc/changelog.gz ${PROJECT_BINARY_DIR}/doc/changelog.Debian.gz
    DESTINATION ${HAWSER_DOC_DIR}/${package} COMPONENT ${component})
  if(EXISTS ${debian}/${package}/lintian-overrides)
    install(FILES ${debian}/${package}/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/lintian/overrides
      RENAME ${package} COMPONENT ${component})
  endif()
endmacro()

configure_file(${debian}/changelog.in ${PROJECT_BINARY_DIR}/doc/changelog.Debian @ONLY)
foreach(source ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_BINARY_DIR}/doc/changelog.Debian)
  set(target changelog.gz)
  if(source MATCHES "Debian$")
    set(target changelog.Debian.gz)
  endif()
  add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/doc/${target}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/doc
    COMMAND gzip -9nc ${source} > ${PROJECT_BINARY_DIR}/doc/${target}
    DEPENDS ${source} VERBATIM)
  list(APPEND changelogs ${PROJECT_BINARY_DIR}/doc/${target})
endforeach()
add_custom_target(hawser_changelogs ALL DEPENDS ${changelogs})

# The oldest libevent with the security fixes that Debian made in 2026; shlibdeps knows its interface alone.
set(libevent libevent-2.1-7)
execute_process(COMMAND dpkg-query -S */libevent-2.1.so.7 OUTPUT_VARIABLE owner ERROR_QUIET)
if(owner MATCHES "^([^:,]+)[:,]")
  set(libevent ${CMAKE_MATCH_1})
endif()
set(libevent "${libevent} (>= 2.1.12-stable-8+deb12u1)")

hawser_package(hawser hawser net "keeps exchange sessions tied up through storms"
"A daemon that holds authenticated WebSocket sessions with exchanges: it logs
in, subscribes, notices when a link or a channel falls silent, comes back by
itself, and says in the data where something may be missing. What it receives
goes to outputs, what it measures to telemetry. Exchanges are modules that are
loaded at run time.")
set(CPACK_DEBIAN_HAWSER_PACKAGE_DEPENDS "${libevent}, init-system-helpers (>= 1.54~), ca-certificates, \
systemd | systemd-standalone-sysusers | systemd-sysusers, systemd | systemd-standalone-tmpfiles | systemd-tmpfiles")
set(CPACK_DEBIAN_HAWSER_PACKAGE_SUGGESTS "logrotate, hawser-dev")
set(CPACK_DEBIAN_HAWSER_PACKAGE_CONTROL_EXTRA
  "${debian}/hawser/conffiles;${debian}/hawser/postinst;${debian}/hawser/prerm;${debian}/hawser/postrm")

hawser_package(libhawser ${library} libs "WebSocket client that keeps its connection"
"The client of Hawser as a library for C programs, in five calls: connect,
send, subscribe, get the state, close. It comes back by itself when a link
breaks.")
set(CPACK_DEBIAN_LIBHAWSER_PACKAGE_DEPENDS "${libevent}, ca-certificates")
set(CPACK_DEBIAN_LIBHAWSER_PACKAGE_CONTROL_EXTRA "${PROJECT_BINARY_DIR}/shlibs;${PROJECT_BINARY_DIR}/triggers")
file(WRITE ${PROJECT_BINARY_DIR}/shlibs "libhawser ${HAWSER_ABI_MAJOR} ${library} (>= ${PROJECT_VERSION})\n")
file(WRITE ${PROJECT_BINARY_DIR}/triggers "activate-noawait ldconfig\n")

hawser_package(dev hawser-dev libdevel "headers, tools and examples for modules of Hawser"
"What a module of Hawser (an exchange's adapter, an output, a telemetry sink)
or a program on libhawser is built with: headers, pkg-config and CMake files,
examples, and hawser-sim, a simulator of Deribit's WebSocket API with faults
on command.")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${library} (= ${version}), ${libevent}")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "hawser (= ${version})")

get_property(modules GLOBAL PROPERTY HAWSER_MODULE_PACKAGES)
foreach(module ${modules})
  hawser_package(mod-${module} hawser-mod-${module} net "module ${module} for Hawser"
"A module of the daemon Hawser that needs a library which the others do not; see
hawser.conf(5).")
  string(TOUPPER ${module} upper)
  set(CPACK_DEBIAN_MOD-${upper}_PACKAGE_DEPENDS "hawser (= ${version})")
endforeach()

include(CPack)
