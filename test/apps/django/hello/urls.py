import os
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.urls import path


def home(_request):
    collected = len(list(Path(settings.STATIC_ROOT).iterdir()))
    release = os.environ.get("SLIPWAY_RELEASE")
    return HttpResponse(f"hello from django, {collected} static file, release {release}\n")


urlpatterns = [path("", home)]
