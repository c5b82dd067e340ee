import os
import shutil
import subprocess


def app(environ, start_response):
    figlet = shutil.which("figlet-figlet") or shutil.which("figlet")
    drawn = subprocess.run([figlet, "-v"], capture_output=True, text=True).stdout.split()[0]
    has_jq = subprocess.run(["jq", "-n", "1"], capture_output=True).returncode == 0
    page = f"hello from apt, {drawn}, {has_jq}, release {os.environ.get('SLIPWAY_RELEASE')}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(page)))])
    return [page]
