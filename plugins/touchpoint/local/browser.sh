#!/bin/sh
# Makes sure that the browser tests have Chromium and a font for Chinese. Called by `make test`; without them those tests fail.
set -eu

have() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1; }
font() { ! command -v fc-list >/dev/null 2>&1 || [ -n "$(fc-list :lang=zh-cn family)" ]; }

if have && font; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing chromium and fonts-noto-cjk" >&2
    if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk; } >/dev/null
    then exit 0; fi
    echo "apt-get could not install them." >&2
fi
echo "The browser tests need Chromium and a font with Chinese characters, and will fail without." >&2
echo "As root on Debian: apt-get install chromium fonts-noto-cjk" >&2
