import os

from flask import Flask, request

app = Flask(__name__)


@app.get("/")
def hello():
    return f"hello from python, release {os.environ.get('SLIPWAY_RELEASE', 'none')}\n"


@app.post("/")
def echo():
    return request.get_data()
