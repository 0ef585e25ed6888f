# How test programs become ctest entries.

# vsim_add_test(PROGRAM LABEL TIMEOUT_SECONDS): the whole program as one entry.
function(vsim_add_test program label timeout_seconds)
  add_test(NAME ${label} COMMAND ${program})
  set_tests_properties(${label} PROPERTIES LABELS ${label} TIMEOUT ${timeout_seconds})
endfunction()

# vsim_add_tests_by_file(PROGRAM LABEL TIMEOUT_SECONDS FILE...): an entry for each file, so that
# they run beside each other and a failure names its theme. A filter that selects nothing fails.
function(vsim_add_tests_by_file program label timeout_seconds)
  set(files ${ARGN})
  list(FILTER files INCLUDE REGEX "_test\\.cpp$")
  foreach(file IN LISTS files)
    get_filename_component(theme ${file} NAME_WE)
    string(REGEX REPLACE "_test$" "" theme ${theme})
    add_test(NAME ${label}.${theme} COMMAND ${program} --source-file=*/${theme}_test.cpp)
    set_tests_properties(${label}.${theme} PROPERTIES
      LABELS ${label}
      TIMEOUT ${timeout_seconds}
      FAIL_REGULAR_EXPRESSION "test cases: *0 ")
  endforeach()
endfunction()

# vsim_add_tests_with_process(PROGRAM LABEL TIMEOUT_SECONDS THEME...): these files once more, on a
# broker that syncs once a second, as `ops/up --durability process` has it.
function(vsim_add_tests_with_process program label timeout_seconds)
  foreach(theme IN LISTS ARGN)
    set(name ${label}.process.${theme})
    add_test(NAME ${name} COMMAND ${program} --source-file=*/${theme}_test.cpp)
    set_tests_properties(${name} PROPERTIES
      LABELS ${label}
      TIMEOUT ${timeout_seconds}
      ENVIRONMENT VSIM_TEST_DURABILITY=process
      FAIL_REGULAR_EXPRESSION "test cases: *0 ")
  endforeach()
endfunction()

# vsim_begin_first(NAME SECONDS [NAME SECONDS]...): what takes longest begins first, so that at the
# end no processor is idle while one of these runs alone. ctest learns this from earlier runs, which
# a clean checkout has not had.
function(vsim_begin_first)
  set(left ${ARGN})
  while(left)
    list(POP_FRONT left name seconds)
    set_tests_properties(${name} PROPERTIES COST ${seconds})
  endwhile()
endfunction()
