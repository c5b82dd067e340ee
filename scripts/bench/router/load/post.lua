wrk.method = "POST"
wrk.body = string.rep("x", tonumber(os.getenv("POST_BYTES")))
wrk.headers["Content-Type"] = "application/octet-stream"
