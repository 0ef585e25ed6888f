# shellcheck shell=bash
# How much is synced to the disk, by the setting DURABILITY (power without it), and what a power cut
# may have damaged. D66

# The boot of the machine in which something first ran without syncing. Not there: all is synced.
UNSYNCED=$RUN/unsynced

synced() { [[ ${DURABILITY:-power} == power ]]; }

broker_sync_interval() { if synced; then echo always; else echo '"1s"'; fi; }
postgres_fsync() { if synced; then echo on; else echo off; fi; }

this_boot() { cat /proc/sys/kernel/random/boot_id; }

# before_start FOLDER: before a server is started on its data. One that syncs takes for granted that
# what it finds is on the disk.
before_start() {
  if ! synced; then
    [[ -e $UNSYNCED ]] || { write_file "$UNSYNCED" "$(this_boot)" && sync "$UNSYNCED" "$RUN"; }
  elif [[ -e $UNSYNCED && -d $1 ]]; then
    sync --file-system "$1"
  fi
}

# after_boot FOLDER: before the broker is started on its store. An index that it wrote while a
# stream was empty fits a block that ends with zeros, as a power cut may leave one, and then nothing
# in that block counts (tests/powercut/README.md). So after a boot it makes its indexes anew; where
# no note of the last boot is left, as a power cut may take it too, there may have been one. D85
after_boot() {
  local boot=$RUN/nats-boot
  if [[ -d $1 && $(cat "$boot" 2>/dev/null) != "$(this_boot)" ]]; then
    find "$1" -path '*/msgs/index.db' -delete
  fi
  write_file "$boot" "$(this_boot)"
}

# Once both servers have been started by before_start, or been stopped for good and synced.
all_is_synced() {
  if [[ -e $UNSYNCED ]] && ! went_down_unsynced; then rm -f "$UNSYNCED"; fi
}

went_down_unsynced() { [[ -e $UNSYNCED && $(<"$UNSYNCED") != "$(this_boot)" ]]; }

# Read models that are made anew hold nothing that was damaged.
forget_power_cut() {
  if went_down_unsynced; then rm -f "$UNSYNCED"; fi
}

say_power_cut() {
  ! went_down_unsynced ||
    say "The machine went down while durability was process: see \"After a power cut\" in" \
      "ops/runbook.md"
}

# sync_stopped FOLDER...: what servers without syncing have left behind.
sync_stopped() {
  local folder
  [[ -e $UNSYNCED ]] || return 0
  for folder in "$@"; do
    if [[ -d $folder ]]; then sync --file-system "$folder"; fi
  done
  all_is_synced
}
