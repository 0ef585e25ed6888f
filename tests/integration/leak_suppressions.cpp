// Leaks of libraries that the leak checker does not report. libpqxx 6.4 forgets a result of some
// 100 bytes when a connection breaks while its statement runs; version 7 does not.

#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6\n"; }
#endif
