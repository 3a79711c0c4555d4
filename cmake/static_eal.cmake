# SPDX-License-Identifier: BSD-3-Clause
#
# mp_ipc_dpdk: EAL and what it needs, from the static archives that DPDK's development package brings.
# Whole, since EAL's parts register themselves; without drivers, so that a start does not load 200 of
# them. Which archives there are differs by version: log is there since 23.11, argparse since 24.03.
foreach(part eal telemetry kvargs log argparse)
    find_library(MP_IPC_RTE_${part} NAMES librte_${part}.a HINTS ${DPDK_LIBDIR} ${DPDK_LIBRARY_DIRS})
    mark_as_advanced(MP_IPC_RTE_${part})
    if(MP_IPC_RTE_${part})
        string(APPEND archives ",${MP_IPC_RTE_${part}}")
    elseif(part MATCHES "eal|telemetry|kvargs")
        message(FATAL_ERROR "MP_IPC_STATIC_EAL needs librte_${part}.a in ${DPDK_LIBDIR}, which is not there. "
                            "Debian's libdpdk-dev has it; or configure with -DMP_IPC_STATIC_EAL=OFF.")
    endif()
endforeach()

add_library(mp_ipc_dpdk INTERFACE)
target_include_directories(mp_ipc_dpdk SYSTEM INTERFACE ${DPDK_INCLUDE_DIRS})
target_compile_options(mp_ipc_dpdk INTERFACE ${DPDK_CFLAGS_OTHER})
# One word: it must stay in this order.
target_link_libraries(mp_ipc_dpdk INTERFACE "-Wl,--whole-archive${archives},--no-whole-archive")
# What EAL calls where it was built with it; --as-needed drops what it was not.
foreach(library numa bsd)
    find_library(MP_IPC_LIB_${library} NAMES ${library})
    mark_as_advanced(MP_IPC_LIB_${library})
    if(MP_IPC_LIB_${library})
        target_link_libraries(mp_ipc_dpdk INTERFACE ${MP_IPC_LIB_${library}})
    endif()
endforeach()
target_link_libraries(mp_ipc_dpdk INTERFACE m)

# A primary's start without EAL's sleep of 100 ms: see the file. An object and no archive, since EAL's
# archives, which refer to it, come last.
add_library(mp_ipc_tsc OBJECT support/eal/tsc_frequency.cpp)
target_link_libraries(mp_ipc_tsc PRIVATE mp_ipc_options)
target_include_directories(mp_ipc_tsc SYSTEM PRIVATE ${DPDK_INCLUDE_DIRS})
target_compile_options(mp_ipc_tsc PRIVATE ${DPDK_CFLAGS_OTHER})
set_target_properties(mp_ipc_tsc PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_sources(mp_ipc_dpdk INTERFACE $<TARGET_OBJECTS:mp_ipc_tsc>)
target_link_options(mp_ipc_dpdk INTERFACE -Wl,--wrap=get_tsc_freq)
