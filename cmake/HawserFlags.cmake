# Flags that every target of ours gets, through one interface target.
add_library(hawser_flags INTERFACE)
target_compile_features(hawser_flags INTERFACE c_std_11)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

target_compile_definitions(hawser_flags INTERFACE _GNU_SOURCE HAWSER_VERSION="${PROJECT_VERSION}")
target_compile_options(hawser_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wformat -Werror=format-security
  -Wvla -Wmissing-prototypes -fno-common -fstack-protector-strong -fstack-clash-protection
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(hawser_flags INTERFACE -fcf-protection)
endif()
target_link_options(hawser_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)

if(HAWSER_WERROR)
  target_compile_options(hawser_flags INTERFACE -Werror)
endif()
if(HAWSER_SANITIZE)
  # Fortified libc calls hide overflows from the sanitizers, so the two exclude each other.
  target_compile_options(hawser_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer)
  target_link_options(hawser_flags INTERFACE -fsanitize=address,undefined)
else()
  target_compile_options(hawser_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
endif()
