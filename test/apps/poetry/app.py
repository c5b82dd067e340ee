import importlib.util
import os


def app(environ, start_response):
    dev = "with" if importlib.util.find_spec("iniconfig") else "without"
    page = f"hello from poetry {dev} dev, release {os.environ.get('SLIPWAY_RELEASE')}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(page)))])
    return [page]
