# What belongs to a system and not to a prefix that can be moved: the unit, accounts, folders, logrotate, and a config whose paths
# are the system's. Used where the prefix is /usr.

set(HAWSER_DOC_DIR ${CMAKE_INSTALL_DATAROOTDIR}/doc)
set(system ${PROJECT_SOURCE_DIR}/conf/system)

install(FILES ${system}/hawser.conf DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/hawser)
install(DIRECTORY DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/hawser/sessions.d)
install(FILES ${system}/logrotate DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/logrotate.d RENAME hawser)
# systemd reads /lib; where that is a link to usr/lib, as in Debian 12, both are the same.
install(FILES conf/hawser.service DESTINATION /lib/systemd/system)
install(FILES ${system}/sysusers.conf DESTINATION lib/sysusers.d RENAME hawser.conf)
install(FILES ${system}/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME hawser.conf)

install(FILES conf/hawser.conf conf/minimal.conf conf/sessions.d/deribit-test.conf ${system}/notify-reload.conf
  DESTINATION ${HAWSER_DOC_DIR}/hawser/examples)
install(FILES examples/client.c DESTINATION ${HAWSER_DOC_DIR}/hawser-dev/examples COMPONENT dev)
install(DIRECTORY examples/minimal-adapter DESTINATION ${HAWSER_DOC_DIR}/hawser-dev/examples COMPONENT dev)
install(FILES docs/writing-an-adapter.md DESTINATION ${HAWSER_DOC_DIR}/hawser-dev COMPONENT dev)
