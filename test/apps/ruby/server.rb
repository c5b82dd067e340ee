require 'greeting'
require 'socket'

page = Greeting.to(ENV.fetch('SLIPWAY_RELEASE', 'none'))
server = TCPServer.new('0.0.0.0', Integer(ENV.fetch('PORT', '5000')))
trap('TERM') { exit }
loop do
  client = server.accept
  while (line = client.gets) && line != "\r\n" do end
  client.write("HTTP/1.1 200 OK\r\nContent-Length: #{page.bytesize}\r\nConnection: close\r\n\r\n#{page}")
  client.close
end
