# Sourced by bin/compile and bin/release.

# The task of a name; comments of deno.jsonc are taken out for it.
task() {
  local file
  for file in deno.json deno.jsonc; do
    [[ ! -f $file ]] || sed -E 's#^[[:space:]]*//.*##; s#([,{[])[[:space:]]*//.*#\1#' "$file" |
      jq -r --arg name "$1" '.tasks[$name] // empty | if type == "object" then .command else . end' 2> /dev/null
  done | head -n 1
}

# The file that Deno apps begin with.
main_file() {
  local file
  for file in {main,server,mod,index,app,src/main,src/server}.{ts,tsx,js,mjs}; do
    [[ ! -f $file ]] || { echo "$file"; return; }
  done
}
