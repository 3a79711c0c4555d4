# SPDX-License-Identifier: BSD-3-Clause
#
# cmake --install: programs, man pages, licence, documents and the systemd units, where a
# distribution would put them, below any prefix (and DESTDIR). Included by a build of this project
# on its own; a project that includes this one decides for itself what it installs.
include(GNUInstallDirs)

install(TARGETS mp_server mp_client RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# A DPDK outside the loader's path is found where it was linked from, also from the build folder:
# CMake's own RPATH of a build ends in an empty element, which means the current folder.
set_target_properties(mp_server mp_client PROPERTIES
    INSTALL_RPATH_USE_LINK_PATH ON BUILD_WITH_INSTALL_RPATH ON)

install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
foreach(document README.md docs)
    if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${document})
        install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${document} DESTINATION ${CMAKE_INSTALL_DOCDIR})
    elseif(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${document})
        install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/${document} DESTINATION ${CMAKE_INSTALL_DOCDIR})
    endif()
endforeach()

# Man pages out of --help, so that they cannot drift from it.
find_program(HELP2MAN help2man DOC "Makes the man pages out of --help (Debian: help2man)")
if(HELP2MAN AND NOT CMAKE_CROSSCOMPILING)
    set(what_server "primary process of the DPDK IPC example")
    set(what_client "secondary process of the DPDK IPC example")
    foreach(program server client)
        set(page ${CMAKE_CURRENT_BINARY_DIR}/man/mp_${program}.1)
        add_custom_command(OUTPUT ${page}
            COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/man
            COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${HELP2MAN} --no-info --section=1
                    "--name=${what_${program}}" "--version-string=${PROJECT_VERSION}"
                    "--manual=DPDK multi-process IPC" --output=${page} $<TARGET_FILE:mp_${program}>
            DEPENDS mp_${program} VERBATIM
            COMMENT "Making mp_${program}.1 out of its --help")
        list(APPEND man_pages ${page})
    endforeach()
    add_custom_target(mp_ipc_man ALL DEPENDS ${man_pages})
    install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
else()
    message(STATUS "help2man was not found: no man pages will be made")
endif()

# bash looks for a completion by the program's name.
foreach(program server client)
    install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/packaging/completion.bash
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME mp_${program})
endforeach()

# A unit names its program's path, which is known when it is installed: cmake --install may be
# given another --prefix than the one that was configured.
set(MP_IPC_UNIT_DIR lib/systemd/system CACHE STRING "Where the systemd units go, below the prefix")
install(CODE "
    set(MP_IPC_BINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
    set(MP_IPC_DEFAULTS_DIR \"\${CMAKE_INSTALL_PREFIX}/etc/default\")
    if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
        set(MP_IPC_DEFAULTS_DIR /etc/default)
    endif()
    foreach(unit mp_server.service mp_client@.service)
        configure_file(\"${CMAKE_CURRENT_SOURCE_DIR}/packaging/\${unit}.in\"
                       \"${CMAKE_CURRENT_BINARY_DIR}/packaging/\${unit}\" @ONLY)
        file(INSTALL \"${CMAKE_CURRENT_BINARY_DIR}/packaging/\${unit}\"
             DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${MP_IPC_UNIT_DIR}\")
    endforeach()
")
