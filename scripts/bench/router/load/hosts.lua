local hosts = tonumber(os.getenv("HOSTS"))
local random, format = math.random, string.format

function request()
  return format("GET /small HTTP/1.1\r\nHost: %d.localhost\r\n\r\n", random(0, hosts - 1))
end
