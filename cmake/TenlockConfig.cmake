# Finds what `cargo cinstall` has installed, for find_package(Tenlock):
#
#   Tenlock::tenlock   the shared library
#   Tenlock::static    the static library with what it needs
#
# A target is there if its library is. Each can be asked for as a component: find_package(Tenlock REQUIRED
# COMPONENTS static). Looked at is only the prefix that this file lies in, so that header and library cannot
# come from different installations.

if(WIN32)
    set(Tenlock_FOUND FALSE)
    set(Tenlock_NOT_FOUND_MESSAGE "The CMake package of Tenlock is not for Windows yet: name header and library.")
    return()
endif()

# This file is in <prefix>/lib/cmake/Tenlock, <prefix>/lib/<architecture>/cmake/Tenlock or
# <prefix>/share/cmake/Tenlock.
set(_tenlock_prefix "${CMAKE_CURRENT_LIST_DIR}")
foreach(_tenlock_step RANGE 3)
    get_filename_component(_tenlock_prefix "${_tenlock_prefix}" DIRECTORY)
    if(EXISTS "${_tenlock_prefix}/include/tenlock.h")
        break()
    endif()
endforeach()
set(Tenlock_INCLUDE_DIR "${_tenlock_prefix}/include")
if(NOT EXISTS "${Tenlock_INCLUDE_DIR}/tenlock.h")
    set(Tenlock_FOUND FALSE)
    set(Tenlock_NOT_FOUND_MESSAGE "No include/tenlock.h above ${CMAKE_CURRENT_LIST_DIR}.")
    return()
endif()

foreach(_tenlock_kind SHARED STATIC)
    # Not in the cache: an upgrade or another prefix would find the old one there.
    unset(_tenlock_library CACHE)
    unset(_tenlock_library)
    find_library(_tenlock_library
        NAMES "${CMAKE_${_tenlock_kind}_LIBRARY_PREFIX}tenlock${CMAKE_${_tenlock_kind}_LIBRARY_SUFFIX}"
        HINTS "${_tenlock_prefix}"
        PATH_SUFFIXES "lib/${CMAKE_LIBRARY_ARCHITECTURE}" lib lib64
        NO_DEFAULT_PATH)
    set(_tenlock_${_tenlock_kind} "${_tenlock_library}")
    unset(_tenlock_library CACHE)
    unset(_tenlock_library)
endforeach()

if(_tenlock_SHARED)
    set(Tenlock_tenlock_FOUND TRUE)
    if(NOT TARGET Tenlock::tenlock)
        add_library(Tenlock::tenlock SHARED IMPORTED)
        set_target_properties(Tenlock::tenlock PROPERTIES
            IMPORTED_LOCATION "${_tenlock_SHARED}"
            INTERFACE_INCLUDE_DIRECTORIES "${Tenlock_INCLUDE_DIR}")
    endif()
endif()

if(_tenlock_STATIC)
    set(Tenlock_static_FOUND TRUE)
    if(NOT TARGET Tenlock::static)
        set(THREADS_PREFER_PTHREAD_FLAG ON)
        include(CMakeFindDependencyMacro)
        find_dependency(Threads)
        add_library(Tenlock::static STATIC IMPORTED)
        set_target_properties(Tenlock::static PROPERTIES
            IMPORTED_LOCATION "${_tenlock_STATIC}"
            IMPORTED_LINK_INTERFACE_LANGUAGES C
            INTERFACE_INCLUDE_DIRECTORIES "${Tenlock_INCLUDE_DIR}"
            INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};m")
    endif()
endif()

foreach(_tenlock_component IN LISTS Tenlock_FIND_COMPONENTS)
    if(Tenlock_FIND_REQUIRED_${_tenlock_component} AND NOT Tenlock_${_tenlock_component}_FOUND)
        set(Tenlock_FOUND FALSE)
        set(Tenlock_NOT_FOUND_MESSAGE "No library for ${_tenlock_component} in ${_tenlock_prefix}.")
    endif()
endforeach()
if(NOT _tenlock_SHARED AND NOT _tenlock_STATIC)
    set(Tenlock_FOUND FALSE)
    set(Tenlock_NOT_FOUND_MESSAGE "No library in ${_tenlock_prefix}.")
endif()

unset(_tenlock_prefix)
unset(_tenlock_step)
unset(_tenlock_kind)
unset(_tenlock_component)
unset(_tenlock_SHARED)
unset(_tenlock_STATIC)
