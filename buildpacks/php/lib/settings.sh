# What PHP and its server are told by files below .slipway/php. Sourced by bin/compile.

# Some extensions stand on others, which must be loaded first.
write_php_ini() {
  local module
  cat "$pack/server/php.ini"
  echo "extension_dir = $runtime/usr/lib/php/extensions"
  echo "include_path = .:$runtime/usr/share/php"
  for module in mysqlnd pdo xml $(cd "$runtime/usr/lib/php/extensions" && ls ./*.so); do
    module=${module#./}
    module=${module%.so}
    case $module in
      opcache) echo "zend_extension = opcache" ;;
      ffi) ;;
      *) echo "extension = $module" ;;
    esac
  done | awk '!seen[$0]++'
}

write_settings() {
  local to=$build/.slipway/php
  mkdir -p "$to/bin"
  write_php_ini > "$to/php.ini"
  cp "$pack"/server/{fpm.conf,nginx.conf} "$to"
  cp "$pack/server/php-web" "$to/bin"
}
