# shellcheck shell=bash
# Swagger UI, which the API serves at /swagger/index.html: fetched once a checkout, from a wheel
# that is pinned by hash. Sets SWAGGER_UI, the folder of its files; tests look there too.
# VSIM_SWAGGER_DIR names a folder that has them already, and nothing is fetched. D34

SWAGGER_UI=${VSIM_SWAGGER_DIR:-$TOOLS/swagger-ui}
SWAGGER_REQUIREMENTS=swagger-requirements.txt
SWAGGER_FILES=(swagger-ui-bundle.js swagger-ui.css favicon-32x32.png LICENSE)

prepare_swagger() {
  local pin
  if [[ -n ${VSIM_SWAGGER_DIR:-} ]]; then
    STEP_NOTE="skipped (VSIM_SWAGGER_DIR=$SWAGGER_UI)"
    return 0
  fi
  lock_tools
  pin=$(sha256sum <"$ROOT/ops/tools/$SWAGGER_REQUIREMENTS")
  [[ $(cat "$SWAGGER_UI/pin" 2>/dev/null) == "$pin" ]] || fetch_swagger "$pin"
  unlock_tools
  export VSIM_SWAGGER_DIR=$SWAGGER_UI
  STEP_NOTE="ok ($((SECONDS - STEP_STARTED)) s)"   # not what was said of Debian's packages
}

# Made beside its place and moved there whole: an API may be reading it.
fetch_swagger() {
  local wheel=$TOOLS/swagger-wheel new=$TOOLS/swagger-ui-new found
  unpack_wheels "$wheel" "$SWAGGER_REQUIREMENTS" || fail_wheels "$SWAGGER_REQUIREMENTS"
  found=$(find "$wheel" -type d -name swagger-ui-dist)
  rm -rf "$new"
  mkdir "$new"
  (cd "$found" && cp "${SWAGGER_FILES[@]}" "$new") ||
    fail "the wheel of ops/tools/$SWAGGER_REQUIREMENTS lacks files of Swagger UI"
  echo "$1" >"$new/pin"
  rm -rf "$SWAGGER_UI" "$wheel"
  mv "$new" "$SWAGGER_UI"
}
